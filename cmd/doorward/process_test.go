package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// process is a running doorward.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr *watched
}

// start runs the command. Its end is the test's at the latest.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("doorward", args...), stderr: &watched{lines: make(chan string, 1000)}}
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

// watched keeps what is written and hands out the lines.
type watched struct {
	lines chan string
	buf   bytes.Buffer
	part  []byte
}

func (w *watched) Write(p []byte) (int, error) {
	w.buf.Write(p)
	w.part = append(w.part, p...)
	for {
		line, rest, ok := bytes.Cut(w.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.part = rest
		select {
		case w.lines <- string(line):
		default: // Nobody waits for a line any more.
		}
	}
}

// end sends the signal and returns the exit status with what was still written to standard output. The process must end
// within ten seconds.
func (p *process) end(signal os.Signal) (status int, rest string) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	slow := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer slow.Stop()
	out, _ := io.ReadAll(p.out) // A killed process leaves what it left.
	_ = p.cmd.Wait()            // The state tells more than the error.
	return p.cmd.ProcessState.ExitCode(), string(out)
}

// dev starts "doorward dev --json" on free ports with cheap passwords and returns what it says.
func dev(t *testing.T, args ...string) (*process, devReady) {
	t.Helper()
	p := start(t, append([]string{"dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0",
		"--set", "password.memory_kib=8", "--set", "password.time=1"}, args...)...)
	line, err := p.out.ReadBytes('\n')
	var ready devReady
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		t.Fatalf("%v: %q, standard error %q", err, line, p.stderr.buf.String())
	}
	return p, ready
}

// proxied is a server behind a TLS proxy on this machine, which the tests stand in for.
type proxied struct {
	*process
	http, ops string
}

var address = regexp.MustCompile(`"(http|ops)":"([^"]+)"`)

// serve starts "doorward serve" on the data folder, with plain HTTP and loopback as its trusted proxy.
func serve(t *testing.T, folder string, args ...string) proxied {
	t.Helper()
	p := start(t, append([]string{"serve", "--data", folder, "--https", "", "--http", "127.0.0.1:0",
		"--set", "listen.ops=127.0.0.1:0", "--set", "trusted_proxies=127.0.0.1"}, args...)...)
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line := <-p.stderr.lines:
			if strings.Contains(line, `"msg":"serving"`) {
				found := map[string]string{}
				for _, m := range address.FindAllStringSubmatch(line, -1) {
					found[m[1]] = "http://" + m[2]
				}
				return proxied{p, found["http"], found["ops"]}
			}
		case <-deadline:
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
			t.Fatalf("the server does not start: %s", p.stderr.buf.String())
		}
	}
}

// command runs a verb to its end and returns its standard output.
func command(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "doorward", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("doorward %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// answer is what tests look at in an answer.
type answer struct {
	ErrorCode    int    `json:"errorCode"`
	ErrorDetails string `json:"errorDetails"`
	UID          string `json:"UID"`
	IDToken      string `json:"id_token"`
	Results      []struct {
		UID string `json:"UID"`
	} `json:"results"`
	Keys []struct {
		Kid string `json:"kid"`
		N   string `json:"n"`
		E   string `json:"e"`
	} `json:"keys"`
}

// call posts the pairs as a form, the way a TLS proxy passes a call on.
func call(client *http.Client, base, method string, pairs ...string) (answer, error) {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, base+"/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-Proto", "https")
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	return a, json.Unmarshal(body, &a)
}

// mustCall fails the test unless the answer has the code.
func mustCall(t *testing.T, code int, base, method string, pairs ...string) answer {
	t.Helper()
	a, err := call(http.DefaultClient, base, method, pairs...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	if a.ErrorCode != code {
		t.Fatalf("%s: code %d (%s), want %d", method, a.ErrorCode, a.ErrorDetails, code)
	}
	return a
}

// trusting is a client that trusts the certificate in the file alone.
func trusting(t *testing.T, caFile string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate in the file")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
