package main

import (
	"encoding/json"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// TestAnInstallationIsRestoredToAMomentBetweenTwoChanges loses a database server, and makes it again of a base backup and the archive
// of the log, as it was after the first registration and before the second: by the time, and by the name that was given to it.
func TestAnInstallationIsRestoredToAMomentBetweenTwoChanges(t *testing.T) {
	cluster := postgrestest.OwnArchived(t)
	folder := filepath.Join(t.TempDir(), "data")
	here := place{folder: folder, database: cluster.URL()}
	if err := json.Unmarshal([]byte(command(t, "site", "create", "--data", folder, "--database", here.database, "--domain", "shop.example.com", "--json")), &here.site); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(cluster.Backup())
	server := here.serve(t)
	n := 0
	here.register(t, server, &n)
	time.Sleep(10 * time.Millisecond)
	between, err := cluster.Query(`SELECT CAST(clock_timestamp() AS text)`)
	must(err)
	must(cluster.Run(`SELECT pg_create_restore_point('between')`))
	time.Sleep(10 * time.Millisecond)
	here.register(t, server, &n)
	must(cluster.Settle())
	if status, _ := server.End(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d: %s", status, server.Log)
	}
	cluster.Remove()

	for name, target := range map[string]string{"by time": "recovery_target_time=" + between, "by name": "recovery_target_name=between"} {
		t.Run(name, func(t *testing.T) {
			restored := here
			restored.database = cluster.Restore(t, target).URL()
			server := restored.serve(t)
			login := func(code int, email string) {
				t.Helper()
				mustCall(t, code, server.http, "accounts.login", "apiKey", here.site.APIKey, "secret", here.site.Secret, "loginID", email, "password", testPassword)
			}
			login(0, "u1@example.com")
			login(403042, "u2@example.com")
			// It goes on from there.
			n := 1
			restored.register(t, server, &n)
			login(0, "u2@example.com")
			if status, _ := server.End(syscall.SIGTERM); status != 0 {
				t.Fatalf("status %d: %s", status, server.Log)
			}
		})
	}
}
