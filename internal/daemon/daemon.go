// Package daemon runs a program as a process of its own inside a Go test, and ends it with the test at the latest.
package daemon

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// endTimeout is how long a process may take to end when it was told to.
const endTimeout = 30 * time.Second

// Process is a running program.
type Process struct {
	Cmd *exec.Cmd
	// Out is its standard output.
	Out *bufio.Reader
	// Log takes its standard error.
	Log *Log

	t testing.TB
}

// Start runs the command, whose Stdout and Stderr must be free. What still runs when the test ends is killed then.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, Log: &Log{}, t: t}
	cmd.Stderr = p.Log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// Ready reads one line of JSON from the standard output: what the program says when it is ready. A program that says
// something else, ends, or has said nothing when the time is over is killed.
func (p *Process) Ready(v any, within time.Duration) error {
	slow := time.AfterFunc(within, func() { _ = p.Cmd.Process.Kill() }) // It may have ended by itself.
	line, err := p.Out.ReadBytes('\n')
	if !slow.Stop() {
		err = fmt.Errorf("not ready within %s", within)
	}
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		p.Kill()
		return fmt.Errorf("%w: standard output %q, standard error %q", err, line, p.Log.String())
	}
	return nil
}

// Kill ends the process at once, if it still runs.
func (p *Process) Kill() {
	if p.Cmd.ProcessState == nil {
		_ = p.Cmd.Process.Kill()
		_ = p.Cmd.Wait() // The state tells more than the error.
	}
}

// End sends the signal and returns the exit status with what was still written to standard output. A process that does
// not end is killed after a while.
func (p *Process) End(signal os.Signal) (status int, rest string) {
	p.t.Helper()
	_ = p.Cmd.Process.Signal(signal) // It may have ended by itself.
	slow := time.AfterFunc(endTimeout, func() { _ = p.Cmd.Process.Kill() })
	defer slow.Stop()
	out, _ := io.ReadAll(p.Out) // A killed process leaves what it left.
	_ = p.Cmd.Wait()            // The state tells more than the error.
	return p.Cmd.ProcessState.ExitCode(), string(out)
}

// Log keeps what is written to it. The zero value is empty; it is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write implements [io.Writer].
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// String returns everything that is kept.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// Take returns everything that is kept, and keeps it no longer.
func (l *Log) Take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.all.String()
	l.all.Reset()
	return text
}

// Await returns the first whole line that has the text in it. It waits for it as long as said; false: there was none.
func (l *Log) Await(text string, d time.Duration) (line string, ok bool) {
	const pause = 5 * time.Millisecond
	for until := time.Now().Add(d); ; time.Sleep(pause) {
		for line := range strings.Lines(l.String()) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, text) {
				return strings.TrimSuffix(line, "\n"), true
			}
		}
		if time.Now().After(until) {
			return "", false
		}
	}
}
