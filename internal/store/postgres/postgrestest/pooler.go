package postgrestest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Pooler starts pgbouncer before the cluster, in the mode that gives a connection to one transaction at a time, and returns
// the URL of a new database behind it each time that its result is called. It ends with the test. Where pgbouncer is not
// installed the test is skipped, or fails as in [URL].
func (c *Cluster) Pooler(t testing.TB) func() string {
	t.Helper()
	file, err := exec.LookPath("pgbouncer")
	if err != nil {
		if _, err = os.Stat("/usr/sbin/pgbouncer"); err != nil {
			missing(t, errNoPooler)
		}
		file = "/usr/sbin/pgbouncer"
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%d user=doorward
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`, c.folder, c.port, port)
	config := filepath.Join(c.folder, "pgbouncer.ini")
	if err := os.WriteFile(config, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file, "-q", config)
	cmd.Dir = c.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // How it ended does not matter.
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("pgbouncer does not start: %v", err)
		}
	}
	databases := 0
	return func() string {
		databases++
		name := "pooled" + strconv.Itoa(databases)
		if err := c.Run("CREATE DATABASE " + name); err != nil {
			t.Fatal(err)
		}
		return "postgres://doorward@" + address + "/" + name + "?sslmode=disable"
	}
}
