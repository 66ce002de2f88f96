package server_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// place is a site with who may call there.
type place struct {
	name, apiKey, partner string
	// secret is the partner's; userKey may call everything for every site of the partner.
	secret, userKey, userSecret string
}

// neighbours are a site group of two, another site of the same partner, and a site of somebody else.
type neighbours struct {
	d                               *doorwardtest.Server
	parent, child, outsider, abroad *place
}

const (
	withSSO      = `{"siteGroupConfig":{"enableSSO":true}}`
	goodPassword = "Correct-horse-7"
)

func newNeighbours(t testing.TB) *neighbours {
	t.Helper()
	d := doorwardtest.New(t)
	n := &neighbours{d: d}
	home := place{partner: strconv.FormatInt(d.Partner, 10), secret: d.Secret, userKey: d.UserKey, userSecret: d.UserSecret}
	parent, child, outsider := home, home, home
	parent.name, parent.apiKey = "parent", d.APIKey
	child.name, child.apiKey = "child", n.addMember(nil)
	outsider.name, outsider.apiKey = "outsider", d.AddSite(nil)
	n.parent, n.child, n.outsider = &parent, &child, &outsider
	n.abroad = n.newPartner(t)
	n.configure(t, d.APIKey, withSSO)
	return n
}

// addMember makes one more member of the group.
func (n *neighbours) addMember(change func(*store.Site)) string {
	return n.d.AddSite(func(s *store.Site) {
		s.Group = n.d.APIKey
		if change != nil {
			change(s)
		}
	})
}

func (n *neighbours) newPartner(t testing.TB) *place {
	t.Helper()
	factory := n.d.Factory()
	partner, secret, err := factory.NewPartner("Stranger")
	if err != nil {
		t.Fatal(err)
	}
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.net", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := factory.NewKey(site.KeyOptions{Partner: partner.ID, Kind: store.KindUser, Name: "test", Privileges: []string{site.AllAPIs}})
	if err != nil {
		t.Fatal(err)
	}
	n.d.Change(func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return tx.PutKey(key.Record)
	})
	return &place{
		name: "stranger", apiKey: record.APIKey, partner: strconv.FormatInt(partner.ID, 10),
		secret: secret, userKey: key.Record.UserKey, userSecret: key.Secret,
	}
}

// configure stores the configuration of a site.
func (n *neighbours) configure(t testing.TB, apiKey, config string) {
	t.Helper()
	n.d.Change(func(tx store.Tx) error {
		record, err := tx.Site(apiKey)
		if err != nil {
			return err
		}
		record.Config = []byte(config)
		return tx.PutSite(record)
	})
}

// at makes a call with an API key and nothing else.
func (n *neighbours) at(t testing.TB, p *place, name string, params ...string) answer {
	t.Helper()
	return read(t, n.d.Call(name, append([]string{"apiKey", p.apiKey}, params...)...))
}

// as makes a call with the key of the place.
func (n *neighbours) as(t testing.TB, p *place, name string, params ...string) answer {
	t.Helper()
	return n.at(t, p, name, append([]string{"userKey", p.userKey, "secret", p.userSecret}, params...)...)
}

// must is as for a call that succeeds, or ends with the code.
func (n *neighbours) must(t testing.TB, p *place, code int, name string, params ...string) answer {
	t.Helper()
	got := n.as(t, p, name, params...)
	if got.ErrorCode != code {
		t.Fatalf("%s at %s: %s", name, p.name, got.text)
	}
	return got
}

// member returns a member of the answer as a text, or an empty one.
func (got answer) member(path ...string) string {
	var at any
	_ = json.Unmarshal([]byte(got.text), &at)
	for _, name := range path {
		o, _ := at.(map[string]any)
		at = o[name]
	}
	text, _ := at.(string)
	return text
}

// register makes a full account at the place and returns its UID and address.
func (n *neighbours) register(t testing.TB, p *place, params ...string) (uid, email string) {
	t.Helper()
	email = word() + "@example.com"
	got := n.must(t, p, 0, "accounts.register", append([]string{
		"email", email, "password", goodPassword, "finalizeRegistration", "true", "profile", `{"firstName":"Zoë"}`,
	}, params...)...)
	return got.member("UID"), email
}

// login returns the login token of a login at the place.
func (n *neighbours) login(t testing.TB, p *place, email string) string {
	t.Helper()
	got := n.at(t, p, "accounts.login", "loginID", email, "password", goodPassword)
	if got.ErrorCode != 0 {
		t.Fatalf("login at %s: %s", p.name, got.text)
	}
	return got.member("sessionInfo", "cookieValue")
}

// word is a name that nobody has.
func word() string { return "w" + strings.ToLower(rand.Text()[:14]) }

// noUID has the form of a UID, and is nobody's.
func noUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// short is the answer on one line.
func (got answer) short() string { return strings.Join(strings.Fields(got.text), " ") }

var (
	longWords = regexp.MustCompile(`[0-9A-Za-z_.+/=-]{16,}`)
	numbers   = regexp.MustCompile(`\b[0-9]{10,16}\b|"[0-9-]{10}T[0-9:.]+Z"`)
)

// shape is the answer without what no two answers share: ids, tokens, signatures, times, and the words that the call sent.
func (got answer) shape(words map[string]string) string {
	text := got.short()
	for _, name := range slices.SortedFunc(maps.Keys(words), func(a, b string) int { return len(words[b]) - len(words[a]) }) {
		if words[name] != "" {
			text = strings.ReplaceAll(text, words[name], "{"+name+"}")
		}
	}
	return numbers.ReplaceAllString(longWords.ReplaceAllString(text, "…"), "#")
}
