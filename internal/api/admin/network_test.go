package admin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/store"
)

func TestBlockedAddressesAreRefusedToClients(t *testing.T) {
	h := newHouse(t)
	client := credential{"apiKey", h.APIKey}
	h.play(
		step{method: "admin.getRestrictions", params: p("apiKey", h.APIKey), want: `{"blockedIPs":[],"blockedWords":[]}`},
		step{method: "admin.setRestrictions", params: p("apiKey", h.APIKey, "blockedIps", `[{"IP":"198.51.100.7"},"203.0.113.9/24","2001:db8::/32","::ffff:198.51.100.7"]`,
			"blockedWords", `["x"]`), want: `{}`},
		step{method: "admin.getRestrictions", params: p("apiKey", h.APIKey, "include", "BlockedIPs"), want: `{"blockedIPs":["198.51.100.7","203.0.113.0/24","2001:db8::/32"]}`},
		step{method: "admin.getRestrictions", params: p("apiKey", h.APIKey, "include", "BlockedWords"), want: `{"blockedWords":["x"]}`},
		step{method: "admin.getRestrictions", params: p("apiKey", h.APIKey, "include", "Other"), want: "400006 Invalid argument: include: want BlockedIPs or BlockedWords"},
		step{method: "admin.setRestrictions", params: p("apiKey", h.APIKey, "blockedIps", `["192.0.2.1",{"IP":"nowhere"}]`),
			want: "400006 Invalid argument: blockedIps[1].IP: want an address such as 192.0.2.7 or a network such as 192.0.2.0/24"},
		step{method: "admin.setRestrictions", params: p("apiKey", h.APIKey, "blockedIps", `{}`), want: "400004 Invalid argument: blockedIps: want a JSON array"},
		step{method: "admin.setRestrictions", params: p("apiKey", h.APIKey), want: `{}`},
	)
	for address, want := range map[string]string{
		"198.51.100.7:1": "403007 Calls from the address 198.51.100.7 are not allowed", "[2001:db8:1::2]:1": "403007 Calls from the address 2001:db8:1::2 are not allowed",
		"[::ffff:203.0.113.200]:1": "403007 Calls from the address 203.0.113.200 are not allowed", "198.51.100.8:1": "", "[2001:db9::1]:1": "",
	} {
		got := h.from(address, client, "accounts.initRegistration")
		if want != "" && got != want || want == "" && got[0] != '{' {
			t.Errorf("from %s: %s", address, got)
		}
		if got := h.from(address, h.boss, "accounts.getSchema", "apiKey", h.APIKey); got[0] != '{' {
			t.Errorf("a server call from %s: %s", address, got)
		}
	}
	if got := h.must(h.boss, "admin.getSiteConfig", "apiKey", h.APIKey); field(got, "restrictions") != "" {
		t.Errorf("the configuration shows the block lists: %s", got)
	}
	h.must(h.boss, "admin.setRestrictions", "apiKey", h.APIKey, "blockedIps", `[]`)
	if got := h.from("198.51.100.7:1", client, "accounts.initRegistration"); got[0] != '{' {
		t.Errorf("after the block was lifted: %s", got)
	}
}

func TestServerCallsComeFromAllowedNetworks(t *testing.T) {
	h := newHouse(t)
	app := h.newKey("app", listOf("getGroups"), wholePartner)
	set := func(params ...string) []string { return append(p("partnerID", h.id), params...) }
	outside := "403007 Calls from the address 198.51.100.7 are not allowed"
	h.play(
		step{method: "admin.setIPRestrictions", params: set("allowedIPs", `["198.51.100.0/24"]`),
			want: "400006 Invalid argument: allowedIPs: the address of this call, 192.0.2.1, would be shut out; send force=true if that is meant"},
		step{method: "admin.setIPRestrictions", params: set("allowedIPs", `["192.0.2.0/24","x"]`),
			want: "400006 Invalid argument: allowedIPs[1]: want an address such as 192.0.2.7 or a network such as 192.0.2.0/24"},
		step{method: "admin.getIPRestrictions", params: set(), want: `{"allowedIPs":[]}`},
		step{method: "admin.setIPRestrictions", params: set("allowedIPs", `["192.0.2.0/24"]`), want: `{}`},
		step{method: "admin.getIPRestrictions", params: set(), want: `{"allowedIPs":["192.0.2.0/24"]}`},
		step{by: h.strangerKey, method: "admin.setIPRestrictions", params: set("allowedIPs", `[]`), want: deniedText("admin.setIPRestrictions")},
	)
	for _, by := range []credential{h.boss, {"apiKey", h.APIKey, "secret", h.Secret}} {
		if got := h.from("198.51.100.7:1", by, "accounts.getSchema", "apiKey", h.APIKey); got != outside {
			t.Errorf("from outside: %s", got)
		}
		h.must(by, "accounts.getSchema", "apiKey", h.APIKey)
	}
	if got := h.from("198.51.100.7:1", h.boss, "admin.getGroups", "partnerID", h.id); got != outside {
		t.Errorf("a partner's call from outside: %s", got)
	}
	if got := h.from("198.51.100.7:1", nil, "socialize.getToken", "grant_type", "none", "client_id", h.UserKey, "client_secret", h.UserSecret); got != outside {
		t.Errorf("a token asked for from outside: %s", got)
	}
	if got := h.from("198.51.100.7:1", credential{"apiKey", h.APIKey}, "accounts.initRegistration"); got[0] != '{' {
		t.Errorf("a client from outside: %s", got)
	}
	// A key's own networks hold beside the partner's.
	h.must(h.boss, "admin.setUserKeyInfo", "targetUserKey", app[1], "allowedIPs", `["192.0.2.9"]`)
	h.play(step{by: app, method: "admin.getGroups", params: p("partnerID", h.id), want: "403007 Calls from the address 192.0.2.1 are not allowed"})
	if got := h.from("192.0.2.9:1", app, "admin.getGroups", "partnerID", h.id); got[0] != '{' {
		t.Errorf("the key from its own network: %s", got)
	}
	h.must(h.boss, "admin.setUserKeyInfo", "targetUserKey", app[1], "allowedIPs", `[]`)
	h.must(app, "admin.getGroups", "partnerID", h.id)
	h.must(h.boss, "admin.setIPRestrictions", "partnerID", h.id, "allowedIPs", `["198.51.100.0/24"]`, "force", "true")
	h.play(step{method: "admin.getGroups", params: p("partnerID", h.id), want: "403007 Calls from the address 192.0.2.1 are not allowed"})
}

// Networks are held against the address of the client, which proxies alone that are trusted may tell.
func TestNetworksAreThoseOfTheClientBehindItsProxies(t *testing.T) {
	d := doorwardtest.New(t, doorwardtest.WithTrustedProxies("10.0.0.0/8"))
	d.Change(func(tx store.Tx) error {
		partner, err := tx.Partner(d.Partner)
		if err != nil {
			return err
		}
		partner.Config = []byte(`{"allowedIPs":["203.0.113.0/24","2001:db8::/32"]}`)
		return tx.PutPartner(partner)
	})
	for _, c := range []struct {
		what, peer string
		header     http.Header
		good       bool
	}{
		{"the client itself", "203.0.113.5:1", nil, true},
		{"a mapped address", "[::ffff:203.0.113.5]:1", nil, true},
		{"another", "198.51.100.7:1", nil, false},
		{"the proxy itself", "10.0.0.1:1", nil, false},
		{"nobody knows from where", "@", nil, false},
		{"through a proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, true},
		{"another through a proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.7"}}, false},
		{"through two", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.5, 10.0.0.2"}}, true},
		{"through two, with a header of its own", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5, 198.51.100.7, 10.0.0.2"}}, false},
		{"with a header of its own and no proxy", "198.51.100.7:1", http.Header{"X-Forwarded-For": {"203.0.113.5"}, "Forwarded": {"for=203.0.113.5"}}, false},
		{"with the proxy's address and another header", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.7"}, "Forwarded": {"for=203.0.113.5"}}, false},
		{"through a proxy, in the standard header", "10.0.0.1:1", http.Header{"Forwarded": {`for=198.51.100.7, for="[2001:db8::7]:9"`}}, true},
	} {
		form := url.Values{"apiKey": {d.APIKey}, "userKey": {d.UserKey}, "secret": {d.UserSecret}}
		r := httptest.NewRequest(http.MethodPost, "http://localhost/accounts.getSchema", strings.NewReader(form.Encode()))
		for name, values := range c.header {
			r.Header[name] = values
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = c.peer
		w := httptest.NewRecorder()
		d.Handler().ServeHTTP(w, r)
		want := `"errorCode": 403007`
		if c.good {
			want = `"errorCode": 0`
		}
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", c.what, w.Body)
		}
	}
}
