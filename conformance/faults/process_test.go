package faults_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the command once for all tests, and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "doorward-faults-")
	if err != nil {
		return "", err
	}
	built = folder
	file := filepath.Join(folder, "doorward")
	out, err := exec.Command("go", "build", "-o", file, "../../cmd/doorward").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return file, nil
})

// built is the folder of the binary; empty: it was not needed.
var built string

func TestMain(m *testing.M) {
	status := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(status)
}

// process is a running "doorward dev" on a data folder.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Reader
	log    *lines
	client *http.Client

	URL       string `json:"http"`
	APIKey    string `json:"apiKey"`
	Secret    string `json:"secret"`
	UserKey   string `json:"userKey"`
	UserSec   string `json:"userSecret"`
	Directory string `json:"dataDir"`
}

// cheap makes passwords cost next to nothing.
var cheap = []string{"--set", "password.memory_kib=8", "--set", "password.time=1"}

// launch starts the server, which ends with the test at the latest.
func launch(t *testing.T, folder string, args ...string) *process {
	t.Helper()
	p, err := tryLaunch(t, folder, nil, args...)
	if err != nil {
		t.Fatalf("the server does not start: %v: %s", err, p.log.take())
	}
	return p
}

// tryLaunch is launch for starts that may fail. attributes may be nil.
func tryLaunch(t *testing.T, folder string, attributes *syscall.SysProcAttr, args ...string) (*process, error) {
	t.Helper()
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, log: &lines{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	p.cmd = exec.Command(file, append([]string{"dev", "--json", "--log", "--data", folder,
		"--http", "127.0.0.1:0", "--https", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr, p.cmd.SysProcAttr = p.log, attributes
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
			p.end(syscall.SIGKILL)
		}
	})
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	if err != nil {
		p.end(syscall.SIGKILL)
	}
	return p, err
}

// end sends the signal, waits for the process and returns its status. It must end within thirty seconds.
func (p *process) end(signal os.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(signal) // It may have ended by itself.
	slow := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer slow.Stop()
	_, _ = io.Copy(io.Discard, p.out)
	_ = p.cmd.Wait() // The state tells more than the error.
	p.client.CloseIdleConnections()
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) database() string { return filepath.Join(p.Directory, "doorward.db") }

// try posts the pairs with the partner's secret. The error tells that there was no whole answer.
func (p *process) try(client *http.Client, method string, params ...string) (*answer, error) {
	form := url.Values{"apiKey": {p.APIKey}, "secret": {p.Secret}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	response, err := client.Post(p.URL+"/"+method, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &answer{t: p.t, status: response.StatusCode, header: response.Header, text: string(body)}, nil
}

// want calls and fails the test unless the answer has the code.
func (p *process) want(code int, method string, params ...string) *answer {
	p.t.Helper()
	a, err := p.try(p.client, method, params...)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", method, err, p.log.take())
	}
	if a.number("errorCode") != code {
		p.t.Fatalf("%s: want %d, got %s\n%s", method, code, a.text, p.log.take())
	}
	return a
}

// get reads a path and returns the body; empty: there was no answer.
func (p *process) get(path string) string {
	response, err := p.client.Get(p.URL + path)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}
