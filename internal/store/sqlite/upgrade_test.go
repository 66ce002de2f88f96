package sqlite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// oldestForm is the form of the first file that was in use.
const oldestForm = 5

// What the first version writes.
const earlierWrites = `
	INSERT INTO partners (id, name, secret, disabled, created) VALUES (7, 'Shop', x'0001', 0, 3) ON CONFLICT (id) DO UPDATE SET
		name = excluded.name, secret = excluded.secret, disabled = excluded.disabled, created = excluded.created;
	INSERT INTO sites (api_key, site_id, partner, grp, base_domain, description, data_center, trusted_urls, status, created, settings, policies, schema)
		VALUES ('4_a', 12, 7, '4_a', 'example.com', '', 'eu1', NULL, 'active', 4, '{"a":1}', NULL, NULL) ON CONFLICT (api_key) DO UPDATE SET
		site_id = excluded.site_id, partner = excluded.partner, grp = excluded.grp, base_domain = excluded.base_domain,
		description = excluded.description, data_center = excluded.data_center, trusted_urls = excluded.trusted_urls,
		status = excluded.status, created = excluded.created, settings = excluded.settings, policies = excluded.policies, schema = excluded.schema;
	INSERT INTO keys (user_key, partner, kind, name, description, secret, public_key, privileges, sites, disabled, created, revoked)
		VALUES ('k', 7, 'user', 'n', '', x'09', NULL, '["_allApis"]', NULL, 0, 5, 0) ON CONFLICT (user_key) DO UPDATE SET
		partner = excluded.partner, kind = excluded.kind, name = excluded.name, description = excluded.description,
		secret = excluded.secret, public_key = excluded.public_key, privileges = excluded.privileges,
		sites = excluded.sites, disabled = excluded.disabled, created = excluded.created, revoked = excluded.revoked;`

// earlier makes the file of an earlier version.
func earlier(t *testing.T, file string, form int) {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < form {
		t.Fatal("no migrations", err)
	}
	script := `PRAGMA application_id = 0x446f6f72;
		CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied INTEGER NOT NULL);`
	for i, name := range files[:form] {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		script += string(text) + fmt.Sprintf("INSERT INTO migrations VALUES (%d, '%s', '%s', 7);", i+1,
			strings.TrimSuffix(filepath.Base(name), ".sql"), hex.EncodeToString(sum[:]))
	}
	run(t, file, script+earlierWrites)
}

// run runs statements on a connection of its own, past the driver.
func run(t *testing.T, file, script string) {
	t.Helper()
	c, err := engine.OpenConn(file, engine.OpenReadWrite, engine.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRaw(t, c)
	if err := sqlitex.ExecuteScript(c, script, nil); err != nil {
		t.Fatal(err)
	}
}

// configuration is a partner, a site and a key.
type configuration struct {
	Partner *store.Partner
	Site    *store.Site
	Key     *store.Key
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

// TestAnEarlierVersionsFileIsUpgraded opens what an earlier version made, stores what that version did not know, and has that version
// write once more: it may run on until it is exchanged.
func TestAnEarlierVersionsFileIsUpgraded(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for form := oldestForm; form < len(files); form++ {
		t.Run(fmt.Sprint("form ", form), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "doorward.db")
			earlier(t, file, form)
			s := open(t, file)
			want := configuration{
				&store.Partner{ID: 7, Name: "Shop", Secret: store.Sealed{0, 1}, Created: 3},
				&store.Site{APIKey: "4_a", SiteID: 12, Partner: 7, Group: "4_a", BaseDomain: "example.com", DataCenter: "eu1", Status: store.SiteActive,
					Created: 4, Settings: json.RawMessage(`{"a":1}`)},
				&store.Key{UserKey: "k", Partner: 7, Kind: store.KindUser, Name: "n", Secret: store.Sealed{9}, Privileges: []string{"_allApis"}, Created: 5},
			}
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
			run(t, file, earlierWrites)
			want.hold(t, s)
			if got, err := s.ConfigObjects(t.Context(), "4_a", ""); err != nil || !cmp.Equal(got, []*store.ConfigObject{object}, cmpopts.EquateEmpty()) {
				t.Errorf("objects %+v, %v", got, err)
			}
		})
	}
}
