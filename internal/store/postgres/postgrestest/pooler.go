package postgrestest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Pooler starts pgbouncer before the cluster, in the mode that gives a connection to one transaction at a time, and returns
// the URL of a new user behind it, with a schema of his own, each time that its result is called. Connections to the server
// that nobody uses any more end soon: there are as many tests as the server takes connections. It ends with the test. Where pgbouncer is not
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
* = host=%s port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 4
server_idle_timeout = 3
max_client_conn = 500
`, c.folder, c.port, port, filepath.Join(c.folder, "users"))
	config := filepath.Join(c.folder, "pgbouncer.ini")
	var users strings.Builder
	for n := range poolerUsers {
		fmt.Fprintf(&users, "%q \"\"\n", poolerUser(n))
	}
	for file, text := range map[string]string{config: settings, filepath.Join(c.folder, "users"): users.String()} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(file, "-q", config)
	cmd.Dir = c.folder
	c.owner.run(cmd)
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
	next := 0
	return func() string {
		name := poolerUser(next)
		if next++; next > poolerUsers {
			t.Fatal("pgbouncer knows no more users")
		}
		sql := fmt.Sprintf("CREATE ROLE %[1]s LOGIN; ALTER ROLE %[1]s SET search_path = %[1]s; CREATE SCHEMA AUTHORIZATION %[1]s", name)
		if err := c.Run(sql); err != nil {
			t.Fatal(err)
		}
		return "postgres://" + name + "@" + address + "/postgres?sslmode=disable"
	}
}

// poolerUsers is how many users a pooler knows.
const poolerUsers = 500

func poolerUser(n int) string { return "pooled" + strconv.Itoa(n) }
