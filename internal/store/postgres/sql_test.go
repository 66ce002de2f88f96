package postgres_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/storetest"
)

// statements are the texts that stores of these tests have issued.
type statements struct {
	mu  sync.Mutex
	all map[string]bool
}

var issued = &statements{all: map[string]bool{}}

func (s *statements) add(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[sql] = true
}

func (s *statements) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.all))
}

// forbidden is what one of Citus, YugabyteDB and CockroachDB lacks, does otherwise, or does across shards only.
var forbidden = map[string]string{
	`\b(big|small)?serial\d?\b`:              "sequences are bottlenecks or absent",
	`\bsequence\b|\bnextval\b|\bcurrval\b`:   "sequences are bottlenecks or absent",
	`\bgenerated\s+(always|by\s+default)\b`:  "identity columns are sequences; generated columns differ",
	`\breferences\b|\bforeign\s+key\b`:       "references across shards",
	`\bunique\b`:                             "uniqueness across shards; primary keys alone are unique",
	`\bexclude\b`:                            "exclusion constraints",
	`\btrigger\b|\bcreate\s+rule\b`:          "triggers and rules",
	`\bfunction\b|\bprocedure\b|\bdo\s+\$`:   "functions and procedures",
	`\bextension\b`:                          "extensions",
	`\bpartition\b|\binherits\b`:             "partitions and inheritance",
	`\btemp(orary)?\b|\bunlogged\b`:          "temporary and unlogged tables",
	`\block\s+table\b`:                       "table locks",
	`\bfor\s+(share|key\s+share|no\s+key\b)`: "share locks",
	`\bskip\s+locked\b|\bnowait\b`:           "ways of not waiting",
	`\bsavepoint\b`:                          "savepoints differ in what survives them",
	`\bxmin\b|\bxmax\b|\bctid\b|\btxid_|\bpg_current_xact|\bpg_xact_`: "system columns and transaction ids",
	`\bdeclare\b|\bfetch\s+\d|\bcursor\b`:                             "server-side cursors",
	`\blateral\b|\brecursive\b|\bgrouping\s+sets\b`:                   "queries that are not taken apart by shard",
	`\bmerge\s+into\b|\btablesample\b`:                                "newer or odd statements",
	`\bwith\b[^;]*\b(insert|update|delete)\b`:                         "changes within WITH",
	`\bjoin\b`:      "joins across shards",
	`\bjsonb?\b|->`: "documents are compared here, by the code that defines what comparisons mean",
	`\bcopy\b`:      "COPY differs",
	`\bset\s+(session|local)\b|\bset_config\b|\breset\b|\bdiscard\b`:                "session settings, which a pooler loses",
	`\bprepare\b|\bdeallocate\b`:                                                    "SQL-level statements, which a pooler loses",
	`\bupdate\s+(identifiers|account_identifiers|sessions|marks|nonces|audit)\b`:    "changes of rows that are all key",
	`\bupdate\s+accounts\s+set\b[^;]*\b(grp|uid)\s*=\s*\$\d+[^;(]*\bwhere\b`:        "a change of the column that a row is placed by",
	`\binsert\b[^;]*\bselect\b`:                                                     "rows that are moved between shards",
	`\btruncate\b|\bvacuum\b|\bcluster\b|\brefresh\b|\bcomment\s+on\b`:              "maintenance",
	`\bcollate\b\s+"(?:[^C]|C[^"])`:                                                 "collations but C",
	`\b(gen_random_uuid|random|clock_timestamp|statement_timestamp|timeofday)\s*\(`: "functions that give each node another value",
}

// switched is what is there by default and can be switched off, by the parameters listen and locks.
var switched = map[string]string{
	`\blisten\b|\bnotify\b|\bpg_notify\b`: "LISTEN and NOTIFY",
	`\bpg_(try_)?advisory`:                "advisory locks",
}

// TestConformanceWithoutWhatEnginesLack runs the suite as on an engine without LISTEN and advisory locks and behind a
// transaction pooler, and looks at every statement that it issued.
func TestConformanceWithoutWhatEnginesLack(t *testing.T) {
	postgrestest.URL(t) // Without a server nothing is seen.
	seen := &statements{all: map[string]bool{}}
	storetest.Run(t, func(t *testing.T) store.Store {
		url := database(t, "listen", "off", "locks", "table", "pooler", "transaction")
		return open(t, postgres.Options{URL: url, Trace: seen.add})
	})
	all := seen.list()
	if len(all) < 50 {
		t.Fatalf("only %d statements were seen", len(all))
	}
	wantNone(t, all, forbidden)
	wantNone(t, all, switched)
}

// TestNoStatementUsesWhatEnginesLack looks at the migrations and at what the other tests of this package have issued, which
// go test runs before this one.
func TestNoStatementUsesWhatEnginesLack(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	all := issued.list()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	wantNone(t, all, forbidden)
}

// comments are not looked at, nor are the constants of ours in quotes.
var comments = regexp.MustCompile(`--[^\n]*|'[^']*'`)

func wantNone(t *testing.T, all []string, patterns map[string]string) {
	t.Helper()
	for pattern, why := range patterns {
		expression := regexp.MustCompile(`(?i)` + pattern)
		for _, sql := range all {
			if found := expression.FindString(comments.ReplaceAllString(sql, "")); found != "" {
				t.Errorf("%q is used (%s) in\n%s", found, why, strings.TrimSpace(sql))
			}
		}
	}
}

func TestForbiddenThingsAreFound(t *testing.T) {
	for _, sql := range []string{
		"CREATE TABLE x (id BIGSERIAL)", "SELECT nextval('x')", "a bigint REFERENCES b (c)", "CREATE UNIQUE INDEX x ON y (z)",
		"SELECT * FROM a JOIN b ON true", "SELECT data->>'a' FROM x", "SELECT xmax FROM x", "INSERT INTO a SELECT * FROM b",
		"SELECT 1 FOR SHARE", `CREATE TABLE x (y text COLLATE "en_US")`, "UPDATE accounts SET uid = $1 WHERE grp = $2",
		"SET LOCAL x = 1", "WITH a AS (DELETE FROM b RETURNING c) SELECT c FROM a", "SELECT 1 FROM a FOR UPDATE SKIP LOCKED",
	} {
		hit := false
		for pattern := range forbidden {
			hit = hit || regexp.MustCompile(`(?i)`+pattern).MatchString(comments.ReplaceAllString(sql, ""))
		}
		if !hit {
			t.Errorf("nothing forbids %s", sql)
		}
	}
}
