package postgrestest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Archived is a cluster that archives its log, with a base backup of it: what an operator keeps for a restore to any moment.
type Archived struct {
	*Cluster
	// folder has the archive and the base backup; it outlives the cluster.
	folder string
}

// OwnArchived returns a cluster of the test's own that archives its log.
func OwnArchived(t testing.TB) *Archived {
	t.Helper()
	kept := t.TempDir()
	// The server's user must get to it.
	for folder := kept; folder != filepath.Clean(os.TempDir()) && folder != "/"; folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(kept, "archive")
	if err := os.Mkdir(archive, 0o700); err != nil {
		t.Fatal(err)
	}
	c := Own(t, "archive_mode=on", fmt.Sprintf(`archive_command=test ! -f %s/%%f && cp %%p %s/%%f`, archive, archive))
	if c.owner != nil {
		for _, folder := range []string{kept, archive} {
			if err := os.Chown(folder, c.owner.uid, c.owner.gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &Archived{c, kept}
}

// Backup makes the base backup.
func (a *Archived) Backup() error {
	return a.run("pg_basebackup", "-D", filepath.Join(a.folder, "base"), "-h", a.Cluster.folder, "-p", fmt.Sprint(a.port), "-U", "doorward", "-c", "fast", "--no-sync")
}

// Query returns the one text that a query gives.
func (c *Cluster) Query(sql string) (text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, sql).Scan(&text)
	return text, err
}

// tool is a command of the system's, as the owner.
func (c *Cluster) tool(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.folder
	c.owner.run(cmd)
	return cmd
}

// Settle ends the present file of the log, and waits until it is in the archive.
func (a *Archived) Settle() error {
	file, err := a.Query(`SELECT pg_walfile_name(pg_switch_wal())`)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		last, err := a.Query(`SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver`)
		if err != nil {
			return err
		}
		if last >= file {
			return nil
		}
	}
	return fmt.Errorf("%s is not archived", file)
}

// Restore makes a cluster of the base backup and the archive, at the moment that the setting names (recovery_target_time=… or
// recovery_target_name=…), and waits until it takes writes. It needs nothing of the first cluster.
func (a *Archived) Restore(t testing.TB, target string) *Cluster {
	t.Helper()
	c := &Cluster{bin: a.bin, owner: a.owner}
	if err := c.makeFolder(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Remove)
	if out, err := c.tool("cp", "-a", filepath.Join(a.folder, "base"), c.data()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := c.tool("touch", filepath.Join(c.data(), "recovery.signal")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	err := c.Start("archive_mode=off", fmt.Sprintf(`restore_command=cp %s/archive/%%f %%p`, a.folder), target, "recovery_target_action=promote")
	if err != nil {
		t.Fatalf("restore to %s: %v: %s", target, err, c.lastLog())
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if in, err := c.Query(`SELECT CAST(pg_is_in_recovery() AS text)`); err == nil && in == "false" {
			return c
		} else if time.Now().After(deadline) {
			t.Fatalf("restore to %s does not end: %v: %s", target, err, c.lastLog())
		}
	}
}
