package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A disk that can be made to take nothing more, and to take it again.
type disk struct {
	folder      string
	fill, drain func(p *process)
}

// smallDisk is a file system of eight megabytes in memory, filled up with a file.
func smallDisk(t *testing.T) *disk {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=8m,mode=700"); err != nil {
		t.Skipf("NOT TESTED: mounting a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(folder, "ballast")
	return &disk{folder: folder,
		fill: func(*process) {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for size := 1 << 20; size > 0; size /= 2 {
				for {
					if n, err := f.Write(make([]byte, size)); n < size || err != nil {
						break
					}
				}
			}
		},
		drain: func(*process) {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}}
}

// limitedFiles lets the process write no file beyond its first bytes: a disk that takes no write at all.
func limitedFiles(t *testing.T) *disk {
	t.Helper()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("NOT TESTED: there is no prlimit command")
	}
	limit := func(p *process, soft string) {
		t.Helper()
		out, err := exec.Command("prlimit", "--pid", strconv.Itoa(p.Cmd.Process.Pid), "--fsize="+soft+":").CombinedOutput()
		if err != nil {
			t.Fatalf("prlimit: %v: %s", err, out)
		}
	}
	return &disk{folder: t.TempDir(),
		fill: func(p *process) { limit(p, "1024") }, drain: func(p *process) { limit(p, "unlimited") }}
}

func TestADiskThatTakesNoMoreWhileServing(t *testing.T) {
	for name, mounted := range map[string]func(*testing.T) *disk{"a full disk": smallDisk, "a disk that takes no write": limitedFiles} {
		t.Run(name, func(t *testing.T) {
			full := mounted(t)
			p := launch(t, full.folder, cheap...)
			var acked []string
			serial := 0
			register := func() *answer {
				t.Helper()
				serial++
				uid := fmt.Sprintf("d%d", serial)
				a, err := p.try(p.client, "accounts.register", "siteUID", uid, "email", uid+"@example.com",
					"password", testPassword, "finalizeRegistration", "true", "data", `{"x":"`+strings.Repeat("x", 2000)+`"}`)
				if err != nil {
					t.Fatalf("no answer: %v\n%s", err, p.Log.Take())
				}
				a.checkEnvelope()
				switch a.number("errorCode") {
				case 0:
					acked = append(acked, uid)
				case 500001:
					a.checkSilent(p.Secret, testPassword)
				default:
					t.Fatalf("%s", a.text)
				}
				return a
			}
			for range 20 {
				register()
			}
			if len(acked) != 20 {
				t.Fatalf("only %d of 20 before", len(acked))
			}
			token := p.want(0, "accounts.login", "loginID", "d1@example.com", "password", testPassword).member("sessionInfo", "cookieValue")
			full.fill(p)
			failures := 0
			for i := 0; failures < 20; i++ {
				if i > 5000 {
					t.Fatal("the disk never fills up")
				}
				if a := register(); a.number("errorCode") != 0 {
					failures++
				}
			}
			log := p.Log.Take()
			if !strings.Contains(log, "disk") {
				t.Errorf("the log does not speak of the disk:\n%.2000s", log)
			}
			full.reads(t, p, token, acked)
			full.drain(p)
			before := len(acked)
			deadline := time.Now().Add(10 * time.Second)
			for len(acked) < before+20 {
				if a := register(); a.number("errorCode") != 0 && time.Now().After(deadline) {
					t.Fatalf("it does not recover: %s\n%s", a.text, p.Log.Take())
				}
			}
			p.end(syscall.SIGKILL)
			p = launch(t, full.folder, cheap...)
			d := openDatabase(t, p.database())
			d.checkFile()
			d.checkInvariants()
			stored := map[string]bool{}
			for _, line := range d.rows("SELECT uid FROM accounts") {
				stored[strings.TrimSuffix(line, "|")] = true
			}
			for _, uid := range acked {
				if !stored[uid] {
					t.Errorf("%s was acknowledged and is gone", uid)
				}
			}
			if len(stored) != len(acked) {
				t.Errorf("%d accounts are stored, %d were acknowledged", len(stored), len(acked))
			}
			_ = d.c.Close() // Before the file system goes.
			p.want(0, "accounts.login", "loginID", "d1@example.com", "password", testPassword)
			p.end(syscall.SIGTERM)
			t.Logf("%d acknowledged, %d of them while the disk had room left", len(acked), before-20)
		})
	}
}

// reads are served by a server that cannot write, many at once.
func (*disk) reads(t *testing.T, p *process, token string, acked []string) {
	t.Helper()
	var running sync.WaitGroup
	var bad atomic.Int64
	for i := range 40 {
		running.Go(func() {
			a, err := p.try(p.client, "accounts.getAccountInfo", "UID", acked[i%len(acked)])
			if err != nil || a.number("errorCode") != 0 || a.member("profile", "email") != acked[i%len(acked)]+"@example.com" {
				bad.Add(1)
			}
		})
	}
	running.Wait()
	if bad.Load() > 0 {
		t.Errorf("%d of 40 reads failed\n%.3000s", bad.Load(), p.Log.Take())
	}
	if a := p.want(0, "accounts.search", "query", "SELECT count(*) FROM accounts"); !strings.Contains(a.text, strconv.Itoa(len(acked))) {
		t.Errorf("search: %s", a.text)
	}
	p.want(0, "accounts.getJWT", "targetUID", acked[0])
	p.want(0, "accounts.getJWTPublicKey")
	form := []string{"login_token", token, "secret", ""}
	if a, err := p.try(p.client, "accounts.session.verify", form...); err != nil || a.number("errorCode") != 0 {
		t.Errorf("session.verify: %v %v", err, a)
	}
	if got := p.get("/healthz"); got != "ok\n" {
		t.Errorf("healthz: %q", got)
	}
}

func TestADataFolderThatBecomesReadOnlyWhileServing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		// Root writes where it likes: the server runs as somebody else.
		const nobody = 65534
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		for dir := folder; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(folder, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		file, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p, err := tryLaunch(t, folder, attributes, cheap...)
	if err != nil {
		t.Fatalf("%v: %s", err, p.Log.Take())
	}
	var acked []string
	for i := range 10 {
		acked = append(acked, fmt.Sprintf("r%d", i))
		p.want(0, "accounts.register", "siteUID", acked[i], "email", acked[i]+"@example.com", "password", testPassword, "finalizeRegistration", "true")
	}
	token := p.want(0, "accounts.login", "loginID", "r1@example.com", "password", testPassword).member("sessionInfo", "cookieValue")
	protect := func(folderMode, fileMode os.FileMode) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				if err := os.Chmod(file, fileMode); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.Chmod(folder, folderMode); err != nil {
			t.Fatal(err)
		}
	}
	protect(0o500, 0o400)
	// What is open stays open, so that a write may succeed; then it counts.
	for i := range 10 {
		uid := fmt.Sprintf("w%d", i)
		a, err := p.try(p.client, "accounts.register", "siteUID", uid, "email", uid+"@example.com", "password", testPassword, "finalizeRegistration", "true")
		if err != nil {
			t.Fatal(err)
		}
		a.checkEnvelope()
		switch a.number("errorCode") {
		case 0:
			acked = append(acked, uid)
		case 500001:
		default:
			t.Errorf("%s", a.text)
		}
	}
	(*disk)(nil).reads(t, p, token, acked)
	p.end(syscall.SIGKILL)

	p, err = tryLaunch(t, folder, attributes, cheap...)
	if err == nil {
		t.Error("a server starts on a folder that it cannot write to")
	} else if log := p.Log.Take(); !strings.Contains(log, folder) || strings.Contains(log, "goroutine") {
		t.Errorf("the refusal to start does not name the folder: %s", log)
	} else {
		t.Logf("the refusal: %s", log)
	}
	protect(0o700, 0o600)
	p, err = tryLaunch(t, folder, attributes, cheap...)
	if err != nil {
		t.Fatalf("%v: %s", err, p.Log.Take())
	}
	for _, uid := range acked {
		p.want(0, "accounts.getAccountInfo", "UID", uid)
	}
	d := openDatabase(t, p.database())
	d.checkFile()
	d.checkInvariants()
	t.Logf("%d acknowledged", len(acked))
}
