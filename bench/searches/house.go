package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// house is an installation with its server.
type house struct {
	options
	server *exec.Cmd
	site   struct {
		HTTP   string `json:"http"`
		APIKey string `json:"apiKey"`
		Secret string `json:"secret"`
	}
}

func (h *house) path(name string) string { return filepath.Join(h.folder, name) }

func (h *house) build() error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", h.path("doorward"), "./cmd/doorward")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// command runs the binary on the installation.
func (h *house) command(args ...string) *exec.Cmd {
	args = append(args, "--data", h.path("data"))
	switch {
	case h.database == "":
	case args[0] == "dev":
		args = append(args, "--set", "database="+h.database)
	default:
		args = append(args, "--database", h.database)
	}
	cmd := exec.Command(h.path("doorward"), args...)
	cmd.Stderr = os.Stderr
	return cmd
}

func (h *house) start() error {
	h.server = h.command("dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0")
	out, err := h.server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := h.server.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the server said nothing: %w", err), h.server.Wait())
	}
	return json.Unmarshal(line, &h.site)
}

func (h *house) stop() error {
	if err := h.server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return h.server.Wait()
}

// cpu is the processor time of a command that has ended.
func cpu(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// filled tells whether the folder has the accounts already, which it must have all or none.
func (h *house) filled() (bool, error) {
	answer, err := h.call("accounts.search", "query", "SELECT count(*) FROM accounts")
	if err != nil {
		return false, err
	}
	var got struct {
		Results []map[string]int `json:"results"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return false, err
	}
	for _, row := range got.Results {
		switch n := row["count(*)"]; n {
		case 0, 1: // dev makes one.
		case h.accounts, h.accounts + 1:
			return true, nil
		default:
			return false, fmt.Errorf("the folder has %d accounts already", n)
		}
	}
	return false, nil
}

// fill imports the accounts, and exports them again.
func (h *house) fill() error {
	rows, err := h.write()
	if err != nil {
		return err
	}
	text, err := os.Stat(rows)
	if err != nil {
		return err
	}
	if err := h.stop(); err != nil {
		return err
	}
	if err := h.timed("import", "account", "import", rows, "--site", h.site.APIKey); err != nil {
		return err
	}
	// A file is as large as the database: there may not be room for two.
	if err := os.Remove(rows); err != nil {
		return err
	}
	copied := h.path("export.ndjson")
	if err := h.timed("export", "account", "export", copied, "--site", h.site.APIKey); err != nil {
		return err
	}
	if err := os.Remove(copied); err != nil {
		return err
	}
	if h.database == "" {
		file, err := os.Stat(h.path("data/doorward.db"))
		if err != nil {
			return err
		}
		fmt.Printf("%-34s %9d bytes an account, %d of them its line in the file\n", "size", file.Size()/int64(h.accounts), text.Size()/int64(h.accounts))
	}
	return h.start()
}

// timed runs a command that deals with all accounts.
func (h *house) timed(name string, args ...string) error {
	begin := time.Now()
	cmd := h.command(args...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := time.Since(begin)
	fmt.Printf("%-34s %9.0f accounts/s, %s of processor time each\n", name, float64(h.accounts)/took.Seconds(), (cpu(cmd) / time.Duration(h.accounts)).Round(100*time.Nanosecond))
	return nil
}

// client asks for nothing compressed: unpacking would be the caller's time.
var client = http.Client{Transport: &http.Transport{DisableCompression: true}}

// call makes a call as the partner and returns the answer, which must be a success.
func (h *house) call(method string, pairs ...string) ([]byte, error) {
	form := url.Values{"apiKey": {h.site.APIKey}, "secret": {h.site.Secret}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	answer, err := client.PostForm(h.site.HTTP+"/"+method, form)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && !strings.Contains(string(body), `"errorCode": 0`) {
		err = fmt.Errorf("%s: %.400s", method, body)
	}
	return body, err
}

// resident is the memory of the server, in bytes.
func (h *house) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", h.server.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
