package postgres_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// oldestForm is the form of the first database that was in use.
const oldestForm = 3

// earlier makes the database of an earlier version, and returns the names of its tables.
func earlier(t *testing.T, url string, form int) (tables []string) {
	t.Helper()
	statement(t, url, `CREATE TABLE doorward_migrations (version bigint NOT NULL, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL, PRIMARY KEY (version))`)
	tables = []string{"doorward_migrations"}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < form {
		t.Fatal("no migrations", err)
	}
	for i, file := range files[:form] {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		statement(t, url, string(text))
		sum := sha256.Sum256(text)
		statement(t, url, fmt.Sprintf(`INSERT INTO doorward_migrations VALUES (%d, '%s', '%s', 7)`, i+1,
			strings.TrimSuffix(filepath.Base(file), ".sql"), hex.EncodeToString(sum[:])))
		for _, m := range regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllStringSubmatch(string(text), -1) {
			tables = append(tables, m[1])
		}
	}
	statement(t, url, earlierPartner)
	statement(t, url, earlierSite)
	statement(t, url, earlierKey)
	return tables
}

// What the first version writes.
const (
	earlierPartner = `INSERT INTO partners (id, name, secret, disabled, created) VALUES (7, 'Shop', '\x0001', false, 3) ON CONFLICT (id) DO UPDATE SET
		name = excluded.name, secret = excluded.secret, disabled = excluded.disabled, created = excluded.created`
	earlierSite = `INSERT INTO sites (api_key, site_id, partner, grp, base_domain, description, data_center, trusted_urls, status, created, settings, policies, schema)
		VALUES ('4_a', 12, 7, '4_a', 'example.com', '', 'eu1', NULL, 'active', 4, '{"a":1}', NULL, NULL) ON CONFLICT (api_key) DO UPDATE SET
		site_id = excluded.site_id, partner = excluded.partner, grp = excluded.grp, base_domain = excluded.base_domain,
		description = excluded.description, data_center = excluded.data_center, trusted_urls = excluded.trusted_urls,
		status = excluded.status, created = excluded.created, settings = excluded.settings, policies = excluded.policies, schema = excluded.schema`
	earlierKey = `INSERT INTO keys (user_key, partner, kind, name, description, secret, public_key, privileges, sites, disabled, created, revoked)
		VALUES ('k', 7, 'user', 'n', '', '\x09', NULL, '["_allApis"]', NULL, false, 5, 0) ON CONFLICT (user_key) DO UPDATE SET
		partner = excluded.partner, kind = excluded.kind, name = excluded.name, description = excluded.description,
		secret = excluded.secret, public_key = excluded.public_key, privileges = excluded.privileges,
		sites = excluded.sites, disabled = excluded.disabled, created = excluded.created, revoked = excluded.revoked`
)

// configuration is a partner, a site and a key.
type configuration struct {
	Partner *store.Partner
	Site    *store.Site
	Key     *store.Key
}

// earlierConfiguration is what the statements above mean.
func earlierConfiguration() configuration {
	return configuration{
		&store.Partner{ID: 7, Name: "Shop", Secret: store.Sealed{0, 1}, Created: 3},
		&store.Site{APIKey: "4_a", SiteID: 12, Partner: 7, Group: "4_a", BaseDomain: "example.com", DataCenter: "eu1", Status: store.SiteActive, Created: 4,
			Settings: json.RawMessage(`{"a":1}`)},
		&store.Key{UserKey: "k", Partner: 7, Kind: store.KindUser, Name: "n", Secret: store.Sealed{9}, Privileges: []string{"_allApis"}, Created: 5},
	}
}

func (want configuration) hold(t *testing.T, s store.Store) {
	t.Helper()
	var got configuration
	var errs [3]error
	got.Partner, errs[0] = s.Partner(t.Context(), want.Partner.ID)
	got.Site, errs[1] = s.Site(t.Context(), want.Site.APIKey)
	got.Key, errs[2] = s.Key(t.Context(), want.Key.UserKey)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || errors.Join(errs[:]...) != nil {
		t.Errorf("%v %s", errors.Join(errs[:]...), diff)
	}
}

func eachEarlierForm(t *testing.T, fn func(t *testing.T, form int)) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for form := oldestForm; form < len(files); form++ {
		t.Run(fmt.Sprint("form ", form), func(t *testing.T) { fn(t, form) })
	}
}

// TestAMigrationIsTakenApart: what begins otherwise than these was cut in the middle.
func TestAMigrationIsTakenApart(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := postgres.Statements(string(text))
		for _, sql := range all {
			if !regexp.MustCompile(`^(CREATE (TABLE|INDEX)|ALTER TABLE|INSERT INTO) `).MatchString(sql) || strings.Count(sql, "'")%2 != 0 {
				t.Errorf("%s: %s", file, sql)
			}
		}
		if ends := regexp.MustCompile(`(?m);$`).FindAllString(string(text), -1); len(all) != len(ends) {
			t.Errorf("%s: %d statements, %d ends", file, len(all), len(ends))
		}
	}
	got := postgres.Statements("-- One; two.\nA;\n\nB -- c;\n;\n")
	if diff := cmp.Diff([]string{"A", "B"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAnEarlierVersionsDatabaseIsUpgraded opens what an earlier version made, stores what that version did not know, and has that version
// write once more: while servers are exchanged one after the other, both versions work on one database.
func TestAnEarlierVersionsDatabaseIsUpgraded(t *testing.T) {
	eachEarlierForm(t, func(t *testing.T, form int) {
		url := database(t)
		earlier(t, url, form)
		s := open(t, postgres.Options{URL: url})
		upgraded(t, s, func() {
			statement(t, url, earlierPartner)
			statement(t, url, earlierSite)
			statement(t, url, earlierKey)
		})
	})
}

func upgraded(t *testing.T, s store.Store, write func()) {
	t.Helper()
	want := earlierConfiguration()
	want.hold(t, s)
	want.Partner.Previous, want.Partner.PreviousUntil, want.Partner.Config = store.Sealed{8}, 9, json.RawMessage(`{"x":1}`)
	want.Site.Config, want.Site.Deleted = json.RawMessage(`{"y":1}`), 6
	want.Key.Previous, want.Key.PreviousUntil, want.Key.Config = store.Sealed{5}, 4, json.RawMessage(`{"z":1}`)
	object := &store.ConfigObject{Owner: "4_a", Kind: "acl", Name: "n", Document: json.RawMessage(`{}`), Created: 1, Updated: 2}
	if err := s.Change(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutPartner(want.Partner), tx.PutSite(want.Site), tx.PutKey(want.Key), tx.PutConfigObject(object))
	}); err != nil {
		t.Fatal(err)
	}
	write()
	want.hold(t, s)
	if got, err := s.ConfigObjects(t.Context(), "4_a", ""); err != nil || !cmp.Equal(got, []*store.ConfigObject{object}, cmpopts.EquateEmpty()) {
		t.Errorf("objects %+v, %v", got, err)
	}
	if err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: group, UID: "new"}) }); err != nil {
		t.Error(err)
	}
}

// TestAnEarlierVersionsDatabaseIsUpgradedOnCitus does it to tables that are spread over machines, and then gives those their place
// that are new.
func TestAnEarlierVersionsDatabaseIsUpgradedOnCitus(t *testing.T) {
	cluster := postgrestest.AnyCitus(t)
	eachEarlierForm(t, func(t *testing.T, form int) {
		url := cluster.URL(t)
		tables := earlier(t, url, form)
		for _, p := range postgres.Placements {
			var sql string
			switch {
			case !slices.Contains(tables, p.Table):
				continue
			case p.Column == "":
				sql = fmt.Sprintf("SELECT create_reference_table('%s')", p.Table)
			case p.With == "":
				sql = fmt.Sprintf("SELECT create_distributed_table('%s', '%s', colocate_with => 'none', shard_count => %d)", p.Table, p.Column, testShards)
			default:
				sql = fmt.Sprintf("SELECT create_distributed_table('%s', '%s', colocate_with => '%s')", p.Table, p.Column, p.With)
			}
			statement(t, url, sql)
			statement(t, url, fmt.Sprintf("SELECT truncate_local_data_after_distributing_table('%s')", p.Table))
		}
		s := open(t, postgres.Options{URL: url})
		upgraded(t, s, func() {
			statement(t, url, earlierPartner)
			statement(t, url, earlierSite)
			statement(t, url, earlierKey)
			for _, p := range distribute(t, url, postgres.Distribution{Shards: testShards}) {
				if p.Done != slices.Contains(tables, p.Table) {
					t.Errorf("%s: placed before: %t", p, p.Done)
				}
			}
		})
	})
}
