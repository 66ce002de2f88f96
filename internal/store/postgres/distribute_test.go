package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// testShards are few: each is a table, and every case of a suite makes them anew.
const testShards = 2

func distribute(t testing.TB, url string, d postgres.Distribution) []postgres.Placement {
	t.Helper()
	var all []postgres.Placement
	d.Told = func(p postgres.Placement) { all = append(all, p) }
	if err := postgres.Distribute(t.Context(), postgres.Options{URL: url}, d); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWithoutCitusNothingIsDistributed(t *testing.T) {
	// A server that the environment names may have the extension.
	err := postgres.Distribute(t.Context(), postgres.Options{URL: postgrestest.Own(t).URL()}, postgres.Distribution{})
	if !errors.Is(err, postgres.ErrNotDistributed) || !strings.Contains(err.Error(), "CREATE EXTENSION citus") {
		t.Errorf("the error is %v", err)
	}
	for _, shards := range []int{-1, 1025} {
		if err := postgres.Distribute(t.Context(), postgres.Options{}, postgres.Distribution{Shards: shards}); err == nil {
			t.Errorf("%d shards are allowed", shards)
		}
	}
}

// TestEveryTableHasAPlace reads the migrations: a table that is spread has what it is spread by in its primary key, and lies
// with one that is spread before it.
func TestEveryTableHasAPlace(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	keys := map[string][]string{"doorward_migrations": {"version"}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`).FindAllStringSubmatch(string(text), -1) {
			key := regexp.MustCompile(`PRIMARY KEY \(([^)]*)\)`).FindStringSubmatch(m[2])
			if key == nil {
				t.Fatalf("table %s has no primary key", m[1])
			}
			keys[m[1]] = strings.Split(key[1], ", ")
		}
	}
	seen := map[string]bool{}
	for _, p := range postgres.Placements {
		key, known := keys[p.Table]
		if !known {
			t.Errorf("there is no table %s", p.Table)
		}
		if p.Column != "" && !slices.Contains(key, p.Column) {
			t.Errorf("table %s is spread by %s, and its primary key is %v", p.Table, p.Column, key)
		}
		if p.With != "" && !seen[p.With] {
			t.Errorf("table %s lies with %s, which is not spread before it", p.Table, p.With)
		}
		seen[p.Table] = true
	}
	for table := range keys {
		if !seen[table] {
			t.Errorf("table %s has no place", table)
		}
	}
}

func TestTablesAreDistributedOnce(t *testing.T) {
	cluster := postgrestest.Citus(t)
	url := cluster.URL(t)
	distribute(t, url, postgres.Distribution{DryRun: true, Shards: testShards})
	s := open(t, postgres.Options{URL: url})
	id := store.Identifier{Space: store.LoginSpace, Value: "ann@example.com"}
	err := s.Change(t.Context(), func(tx store.Tx) error {
		if err := tx.PutAccount(&store.Account{Group: group, UID: "ann"}); err != nil {
			return err
		}
		return tx.ClaimIdentifier(group, id, "ann")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range distribute(t, url, postgres.Distribution{DryRun: true, Shards: testShards}) {
		if p.Done {
			t.Errorf("a dry run says that %s is done", p)
		}
	}
	for n, done := range []bool{false, true} {
		got := distribute(t, url, postgres.Distribution{Shards: testShards})
		want := slices.Clone(postgres.Placements)
		for i := range want {
			want[i].Done = done
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run %d: %s", n+1, diff)
		}
	}
	if owner, err := s.Owner(t.Context(), group, id); err != nil || owner != "ann" {
		t.Errorf("afterwards the identifier is %q's: %v", owner, err)
	}
	worker := postgrestest.With(t, cluster.Workers[0].URL(), "search_path", "public")
	err = postgres.Distribute(t.Context(), postgres.Options{URL: worker}, postgres.Distribution{})
	if !errors.Is(err, postgres.ErrNotDistributed) || !strings.Contains(err.Error(), "coordinator") {
		t.Errorf("at a worker: %v", err)
	}
}

func TestConformanceOnCitus(t *testing.T) {
	cluster := postgrestest.AnyCitus(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		url := postgrestest.With(t, cluster.URL(t), "pool_max_conns", "6")
		distribute(t, url, postgres.Distribution{Shards: testShards})
		return open(t, postgres.Options{URL: url})
	})
}
