package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a running server with a folder of its own.
type Cluster struct {
	bin    string
	folder string
	port   int
	owner  *owner
	// settings are added to ours, name=value.
	settings []string
	process  *exec.Cmd
}

// What is not installed.
var (
	errNotInstalled = errors.New("the binaries initdb and postgres are not installed")
	errNoPooler     = errors.New("the binary pgbouncer is not installed")
)

// binaries returns the folder of the newest installed ones.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(i int) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(found[i]))))
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(i) > version(j) })
	if file, err := exec.LookPath("initdb"); err == nil {
		if file, err = filepath.EvalSymlinks(file); err == nil {
			found = append(found, file)
		}
	}
	for _, file := range found {
		folder := filepath.Dir(file)
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil {
			return folder, nil
		}
	}
	return "", errNotInstalled
}

// start makes a cluster and starts it.
func start(settings ...string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin}
	if c.owner, err = findOwner(); err != nil {
		return nil, err
	}
	if err := c.makeFolder(); err != nil {
		return nil, err
	}
	// Who is told to keep everything durable from its first start need not have its empty form synced before.
	if err := c.run("initdb", "-D", c.data(), "-U", "doorward", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"); err != nil {
		c.Remove()
		return nil, err
	}
	if err := c.Start(settings...); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

// makeFolder makes a folder on the disk, with a short name: that of a socket must not be long.
func (c *Cluster) makeFolder() error {
	folder, err := os.MkdirTemp("", "dwpg-")
	if err != nil {
		return err
	}
	c.folder = folder
	if c.owner != nil {
		return os.Chown(folder, c.owner.uid, c.owner.gid)
	}
	return nil
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// command is one of the server's, as its owner.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.folder
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGUSER=doorward")
	c.owner.run(cmd)
	return cmd
}

func (c *Cluster) run(name string, args ...string) error {
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// freePort is a port that was free a moment ago: the server cannot be told to take any.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Start starts a server that is not running, and waits until it answers. One that has run before keeps its port and its
// settings. After a kill the first tries may fail: what is left of the old server must go before.
func (c *Cluster) Start(settings ...string) error {
	again := c.port != 0
	c.settings = append(c.settings, settings...)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if !again {
			// Another program may be faster to take it.
			if c.port, err = freePort(); err != nil {
				return err
			}
		}
		if err = c.launch(); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func (c *Cluster) launch() error {
	log, err := os.OpenFile(filepath.Join(c.folder, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", c.data(), "-p", strconv.Itoa(c.port), "-k", c.folder, "-h", "127.0.0.1"}
	for _, s := range append([]string{"shared_buffers=64MB", "max_connections=200", "fsync=on", "autovacuum_naptime=10s",
		"max_wal_size=512MB", "logging_collector=off", "wal_level=replica", "hot_standby=on"}, c.settings...) {
		args = append(args, "-c", s)
	}
	cmd := c.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	c.process = cmd
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c.answers() {
			return nil
		}
		if exited(cmd) || time.Now().After(deadline) {
			c.Kill()
			return fmt.Errorf("the server does not start: %s", c.lastLog())
		}
	}
}

func (c *Cluster) lastLog() []byte {
	text, err := os.ReadFile(filepath.Join(c.folder, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	const most = 2000
	return bytes.TrimSpace(text[max(0, len(text)-most):])
}

func (c *Cluster) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// URL is where the server is, by its socket.
func (c *Cluster) URL() string { return c.at("postgres") }

// at is where a database of the server is, by its socket.
func (c *Cluster) at(database string) string {
	q := url.Values{"host": {c.folder}, "port": {strconv.Itoa(c.port)}, "user": {"doorward"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// Address is where the server is, by TCP: host and port.
func (c *Cluster) Address() string { return "127.0.0.1:" + strconv.Itoa(c.port) }

// Run runs statements.
func (c *Cluster) Run(sql string) error { return run(c.URL(), sql) }

// Standby makes a second cluster that follows this one, under the name.
func (c *Cluster) Standby(name string) (*Cluster, error) {
	s := &Cluster{bin: c.bin, owner: c.owner}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	from := fmt.Sprintf("host=127.0.0.1 port=%d user=doorward application_name=%s", c.port, name)
	err := s.run("pg_basebackup", "-D", s.data(), "-d", from, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// Promote makes a standby take writes, and waits until it does.
func (c *Cluster) Promote() error { return c.run("pg_ctl", "promote", "-D", c.data(), "-w") }

// Restart stops the server as an operator does, cutting off those who are connected, and starts it again.
func (c *Cluster) Restart() error {
	c.end(syscall.SIGINT)
	return c.Start()
}

// Kill ends the server at once, as the death of its machine does.
func (c *Cluster) Kill() {
	if c.process == nil {
		return
	}
	// Its children end when they see that it is gone; the next start waits for them.
	c.end(syscall.SIGKILL)
}

func (c *Cluster) end(signal syscall.Signal) {
	if c.process == nil {
		return
	}
	_ = c.process.Process.Signal(signal)
	_ = c.process.Wait() // How it ended does not matter.
	c.process = nil
}

// Remove stops the server and removes its folder.
func (c *Cluster) Remove() {
	c.end(syscall.SIGQUIT)
	_ = os.RemoveAll(c.folder)
}
