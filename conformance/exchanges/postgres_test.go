package exchanges_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// TestTheServerAnswersAsTheFilesSayOnPostgreSQL plays every file on a database of its own: no answer tells what is behind it.
func TestTheServerAnswersAsTheFilesSayOnPostgreSQL(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			url := postgrestest.With(t, postgrestest.URL(t), "pool_max_conns", "4")
			play(t, readScript(t, file), doorwardtest.WithDatabase(url))
		})
	}
}

// TestTheServerAnswersAsTheFilesSayOnCitus plays every file on tables that are spread over two workers.
func TestTheServerAnswersAsTheFilesSayOnCitus(t *testing.T) {
	cluster := postgrestest.AnyCitus(t)
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			url := postgrestest.With(t, cluster.URL(t), "pool_max_conns", "4")
			if err := postgres.Distribute(t.Context(), postgres.Options{URL: url}, postgres.Distribution{Shards: 2}); err != nil {
				t.Fatal(err)
			}
			play(t, readScript(t, file), doorwardtest.WithDatabase(url))
		})
	}
}
