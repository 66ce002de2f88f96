package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// silent is somebody at a terminal who presses Ctrl-C instead of answering.
type silent struct {
	stop context.CancelFunc
	ever chan struct{}
}

func (s silent) Read([]byte) (int, error) {
	s.stop()
	<-s.ever
	return 0, errors.New("the test is over")
}

func TestWhoWaitsForAnAnswerEndsWithTheFirstSignal(t *testing.T) {
	t.Setenv("DOORWARD_PASSWORD_MEMORY_KIB", "8")
	data, files := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "files")
	must := func(args ...string) string {
		var out, said bytes.Buffer
		if status := run(t.Context(), append(args, "--data", data), console{Out: &out, Err: &said}); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, said.String())
		}
		return out.String()
	}
	must("site", "create", "--domain", "shop.example.com")
	key := strings.Fields(must("key", "create", "--name", "k", "--privilege", "_allApis"))[1]
	must("export", files)
	must("key", "set", key, "--disable")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"key", "revoke", key}, "nothing was changed"},
		{[]string{"apply", files}, "nothing was changed"},
		{[]string{"account", "create", "--email", "zoe@example.com", "--password-stdin"}, "stopped by a signal before it was done"},
	} {
		ctx, stop := context.WithCancel(t.Context())
		in := silent{stop, make(chan struct{})}
		var said bytes.Buffer
		status := run(ctx, append(c.args, "--data", data), console{In: in, Out: &said, Err: &said})
		close(in.ever)
		if status != 1 || !strings.Contains(said.String(), c.want) {
			t.Errorf("%v: status %d and %q, want 1 and %q", c.args, status, said.String(), c.want)
		}
	}
	if list := must("key", "list"); !strings.Contains(list, "disabled") {
		t.Errorf("the key is not as it was: %s", list)
	}
}

func TestAnImportFromAPipeEndsWithTheFirstSignal(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the pipe has no name elsewhere")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = w.Close(), r.Close() })
	f, err := openImport(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() {
		_, err := f.rows(ctx, "", nil)
		stopped <- err
	}()
	stop()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("reading ends with %v", err)
	}
}
