package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server on a core of its own.
type process struct {
	cmd     *exec.Cmd
	address string
	// ready is the time from the start of the process to its first line.
	ready time.Duration
}

// identity is what dev prints.
type identity struct {
	HTTP       string `json:"http"`
	APIKey     string `json:"apiKey"`
	Secret     string `json:"secret"`
	UserKey    string `json:"userKey"`
	UserSecret string `json:"userSecret"`
}

// pinned starts the command on core 0, if the machine has more than one and can pin.
func pinned(name string, args ...string) (*process, string, error) {
	if taskset, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"-c", "0", name}, args...)
		name = taskset
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("%s said nothing: %w", name, err), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return &process{cmd: cmd, ready: time.Since(begin)}, line, nil
}

func (p *process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// cpu is the processor time that the process has taken so far.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in brackets may hold blanks; utime and stime are the 12th and 13th field behind it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const utime, stime, ticks = 11, 12, 100
	total := 0
	for _, i := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, err
		}
		total += n
	}
	return time.Duration(total) * time.Second / ticks, nil
}

// resident is the memory of the process, in bytes.
func (p *process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func (r *run) build() error {
	r.binary = filepath.Join(r.folder, "doorward")
	return build(r.binary, "CGO_ENABLED=0")
}

func (r *run) data() string { return filepath.Join(r.folder, "data") }

func (r *run) start() error {
	p, line, err := pinned(r.binary, "dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data", r.data())
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(line), &r.site); err != nil {
		return err
	}
	p.address = strings.TrimPrefix(r.site.HTTP, "http://")
	r.server = p
	return nil
}
