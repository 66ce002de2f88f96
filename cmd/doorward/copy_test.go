package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// TestAnInstallationMovesWhileItServes moves an installation under registrations from a file to another, and on to a database
// server and back where there is one.
func TestAnInstallationMovesWhileItServes(t *testing.T) {
	folder := t.TempDir()
	first := filepath.Join(folder, "first")
	var site siteView
	if err := json.Unmarshal([]byte(command(t, "site", "create", "--data", first, "--domain", "shop.example.com", "--json")), &site); err != nil {
		t.Fatal(err)
	}
	here := place{folder: first, database: "sqlite:" + filepath.Join(first, "doorward.db"), site: site}
	registered := 0
	t.Run("file to file", func(t *testing.T) {
		here = here.move(t, place{folder: filepath.Join(folder, "second"), database: "sqlite:" + filepath.Join(folder, "second.db"), site: site}, &registered)
	})
	t.Run("file to server and back", func(t *testing.T) {
		server := postgrestest.Own(t)
		there := here.move(t, place{folder: filepath.Join(folder, "third"), database: server.URL(), site: site}, &registered)
		there.move(t, place{folder: filepath.Join(folder, "fourth"), database: "sqlite:" + filepath.Join(folder, "fourth.db"), site: site}, &registered)
	})
}

// place is where an installation is.
type place struct {
	folder, database string
	site             siteView
}

func (p place) serve(t *testing.T) proxied {
	t.Helper()
	return serve(t, p.folder, "--database", p.database, "--set", "password.memory_kib=7168", "--set", "password.time=5")
}

// register registers the next person, who has a session then.
func (p place) register(t *testing.T, server proxied, n *int) {
	t.Helper()
	*n++
	mustCall(t, 0, server.http, "accounts.register", "apiKey", p.site.APIKey, "secret", p.site.Secret, "siteUID", fmt.Sprint("u", *n),
		"email", fmt.Sprintf("u%d@example.com", *n), "password", testPassword, "finalizeRegistration", "true")
}

func (p place) export(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export.ndjson")
	args := []string{"account", "export", "--data", p.folder, file}
	if p.database != "" {
		args = append(args, "--database", p.database)
	}
	command(t, args...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// move copies the installation twice while it serves, then stops it, finishes, and serves at the new place.
func (p place) move(t *testing.T, to place, registered *int) place {
	t.Helper()
	old := p.serve(t)
	copying := []string{"copy", "--from", p.database, "--to", to.database}
	for range 2 {
		p.register(t, old, registered)
		command(t, copying...)
	}
	p.register(t, old, registered)
	mustCall(t, 0, old.http, "accounts.deleteAccount", "apiKey", p.site.APIKey, "secret", p.site.Secret, "UID", fmt.Sprint("u", *registered-1))
	if status, _ := old.End(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d: %s", status, old.Log)
	}
	// The same master key: what was sealed was not opened on the way.
	keep(t, p.folder, to.folder)
	out, err := exec.Command("doorward", "serve", "--data", to.folder, "--database", to.database, "--https", "", "--http", "127.0.0.1:0",
		"--set", "listen.ops=127.0.0.1:0", "--set", "trusted_proxies=127.0.0.1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not complete") {
		t.Errorf("a server on an unfinished copy: %v: %s", err, out)
	}
	out, err = exec.Command("doorward", append(copying, "--finish")...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Complete after") {
		t.Fatalf("finish: %v: %s", err, out)
	}
	if a, b := p.export(t), to.export(t); !bytes.Equal(a, b) || len(a) == 0 {
		t.Errorf("the exports differ:\n%s\n%s", a, b)
	}
	next := to.serve(t)
	mustCall(t, 0, next.http, "accounts.login", "apiKey", p.site.APIKey, "secret", p.site.Secret, "loginID", fmt.Sprintf("u%d@example.com", *registered), "password", testPassword)
	mustCall(t, 403042, next.http, "accounts.login", "apiKey", p.site.APIKey, "secret", p.site.Secret, "loginID", fmt.Sprintf("u%d@example.com", *registered-1), "password", testPassword)
	// The address of who has left is free, and those of the others are not.
	p.register(t, next, registered)
	mustCall(t, 400009, next.http, "accounts.register", "apiKey", p.site.APIKey, "secret", p.site.Secret, "siteUID", "other",
		"email", fmt.Sprintf("u%d@example.com", *registered-1), "password", testPassword, "finalizeRegistration", "true")
	if status, _ := next.End(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d: %s", status, next.Log)
	}
	return to
}

// keep puts the master key of one data folder into another.
func keep(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "master.key"))
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "master.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// populate puts n accounts into the data folder's only site.
func populate(t *testing.T, folder string, n int) {
	t.Helper()
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, `{"UID":"p%d","email":"p%d@example.com","profile":{"firstName":"Ann","bio":"%s"}}`+"\n", i, i, strings.Repeat("x", 300))
	}
	rows := filepath.Join(t.TempDir(), "rows.ndjson")
	if err := os.WriteFile(rows, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "account", "import", "--data", folder, rows)
}

// TestACopyThatIsKilledGoesOn kills the command in the middle of its work, several times.
func TestACopyThatIsKilledGoesOn(t *testing.T) {
	const accounts = 6000
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	command(t, "site", "create", "--data", from, "--domain", "shop.example.com")
	populate(t, from, accounts)
	keep(t, from, to)
	copying := []string{"copy", "--from", "sqlite:" + filepath.Join(from, "doorward.db"), "--to", "sqlite:" + filepath.Join(to, "doorward.db")}
	size := func() (n int64) {
		for _, name := range []string{"doorward.db", "doorward.db-wal"} {
			if info, err := os.Stat(filepath.Join(to, name)); err == nil {
				n += info.Size()
			}
		}
		return n
	}
	killed := 0
	for range 3 {
		before := size()
		p := start(t, copying...)
		for deadline := time.Now().Add(20 * time.Second); size() < before+1<<20 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if status, _ := p.End(syscall.SIGKILL); status != 0 {
			killed++
		}
		out, err := exec.Command("doorward", "site", "list", "--data", to).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "not complete") {
			t.Fatalf("a copy that was broken off is opened: %v: %s", err, out)
		}
	}
	if killed == 0 {
		t.Error("no copy was broken off")
	}
	command(t, append(copying, "--finish")...)
	a, b := place{folder: from}.export(t), place{folder: to}.export(t)
	if !bytes.Equal(a, b) || bytes.Count(a, []byte("\n")) != accounts {
		t.Errorf("%d bytes exported, then %d", len(a), len(b))
	}
}

// TestACopyIsNotFinishedUnderTraffic stops no server before the last run.
func TestACopyIsNotFinishedUnderTraffic(t *testing.T) {
	folder := t.TempDir()
	from := place{folder: filepath.Join(folder, "from"), database: "sqlite:" + filepath.Join(folder, "from", "doorward.db")}
	if err := json.Unmarshal([]byte(command(t, "site", "create", "--data", from.folder, "--domain", "shop.example.com", "--json")), &from.site); err != nil {
		t.Fatal(err)
	}
	populate(t, from.folder, 5000)
	server := from.serve(t)
	ended := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			_, err := call(http.DefaultClient, server.http, "accounts.setSchema", "apiKey", from.site.APIKey, "secret", from.site.Secret,
				"dataSchema", fmt.Sprintf(`{"fields":{"f%d":{"type":"string"}}}`, n))
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	out, err := exec.Command("doorward", "copy", "--from", from.database, "--to", "sqlite:"+filepath.Join(folder, "to.db"), "--finish").CombinedOutput()
	close(stop)
	if callErr := <-ended; callErr != nil {
		t.Error(callErr)
	}
	if err == nil || !strings.Contains(string(out), "stop every server on it") {
		t.Errorf("%v: %s", err, out)
	}
}
