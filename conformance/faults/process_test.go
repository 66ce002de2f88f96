package faults_test

import (
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

	"github.com/doorward/doorward/internal/daemon"
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
	*daemon.Process
	t      *testing.T
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

// startTimeout is how long a server may take to be ready, on a machine with much else to do.
const startTimeout = 2 * time.Minute

// launch starts the server, which ends with the test at the latest.
func launch(t *testing.T, folder string, args ...string) *process {
	t.Helper()
	p, err := tryLaunch(t, folder, nil, args...)
	if err != nil {
		t.Fatalf("the server does not start: %v", err)
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
	cmd := exec.Command(file, append([]string{"dev", "--json", "--log", "--data", folder,
		"--http", "127.0.0.1:0", "--https", "127.0.0.1:0"}, args...)...)
	cmd.SysProcAttr = attributes
	p := &process{t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	p.Process = daemon.Start(t, cmd)
	return p, p.Ready(p, startTimeout)
}

// end sends the signal, waits for the process and returns its status.
func (p *process) end(signal os.Signal) int {
	p.t.Helper()
	status, _ := p.End(signal)
	p.client.CloseIdleConnections()
	return status
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
		p.t.Fatalf("%s: %v\n%s", method, err, p.Log.Take())
	}
	if a.number("errorCode") != code {
		p.t.Fatalf("%s: want %d, got %s\n%s", method, code, a.text, p.Log.Take())
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
