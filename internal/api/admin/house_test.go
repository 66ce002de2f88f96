package admin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 123_000_000, time.UTC)

// house is a whole server with a partner, its site and a key that may do everything, and with another partner.
type house struct {
	*doorwardtest.Server
	t     testing.TB
	clock *clock.Fake
	// id is the partner's, as a text; stranger, strangerKey and strangerSite are of another one.
	id, stranger, strangerSite string
	boss, strangerKey          credential
}

// credential is who calls: pairs of names and values.
type credential []string

func newHouse(t testing.TB) *house {
	t.Helper()
	at, fake := doorwardtest.WithTime(testTime)
	h := &house{Server: doorwardtest.New(t, at), t: t, clock: fake}
	h.id = strconv.FormatInt(h.Partner, 10)
	h.boss = credential{"userKey", h.UserKey, "secret", h.UserSecret}
	other, _, err := h.Factory().NewPartner("Stranger")
	h.check(err)
	record, err := h.Factory().NewSite(site.SiteOptions{Partner: other.ID, BaseDomain: "stranger.example.com", DataCenter: "us1"})
	h.check(err)
	key, err := h.Factory().NewKey(site.KeyOptions{Partner: other.ID, Kind: store.KindUser, Name: "stranger", Privileges: []string{site.AllAPIs}})
	h.check(err)
	h.Change(func(tx store.Tx) error {
		h.check(tx.PutPartner(other))
		h.check(tx.PutSite(record))
		return tx.PutKey(key.Record)
	})
	h.stranger, h.strangerSite = strconv.FormatInt(other.ID, 10), record.APIKey
	h.strangerKey = credential{"userKey", key.Record.UserKey, "secret", key.Secret}
	return h
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// envelope are the members that every answer has.
var envelope = regexp.MustCompile(`(?s)^\{\s*"callId": "[^"]*",\s*"errorCode": (\d+),(.*?)"time": "[^"]*",?\s*(.*)\}\s*$`)

// call makes a call and returns the members of the answer, compact, or the code and the details of the error.
func (h *house) call(by credential, name string, params ...string) string {
	h.t.Helper()
	return h.from("192.0.2.1:1234", by, name, params...)
}

// from is call from an address. It may be called by several goroutines.
func (h *house) from(address string, by credential, name string, params ...string) string {
	form := url.Values{}
	for _, list := range [][]string{by, params} {
		for i := 0; i < len(list); i += 2 {
			form.Set(list[i], list[i+1])
		}
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/"+name, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	body := w.Body.String()
	parts := envelope.FindStringSubmatch(body)
	if parts == nil {
		return "no answer: " + body
	}
	if parts[1] != "0" {
		return strings.TrimRight(parts[1]+" "+field(body, "errorDetails"), " ")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte("{"+parts[3]+"}")); err != nil {
		return "no JSON: " + body
	}
	return compact.String()
}

// must is call for what has to succeed.
func (h *house) must(by credential, name string, params ...string) string {
	h.t.Helper()
	answer := h.call(by, name, params...)
	if !strings.HasPrefix(answer, "{") {
		h.t.Fatalf("%s %v: %s", name, params, answer)
	}
	return answer
}

// field is a member of an answer: the text, or the raw value.
func field(answer string, path ...string) string {
	raw, _ := document.MemberAt([]byte(answer), path...)
	if text, ok := document.Text(raw); ok {
		return text
	}
	return string(raw)
}

// step is one call of a scenario with its whole answer.
type step struct {
	by     credential
	method string
	params []string
	want   string
}

func p(params ...string) []string { return params }

// play makes the calls; those without a credential are the boss's.
func (h *house) play(steps ...step) {
	h.t.Helper()
	for i, s := range steps {
		if s.by == nil {
			s.by = h.boss
		}
		if got := h.call(s.by, s.method, s.params...); got != s.want {
			h.t.Errorf("step %d, %s %v:\n got %s\nwant %s", i, s.method, s.params, got, s.want)
		}
	}
}

// deniedText is the refusal of a method of the namespace.
func deniedText(name string) string {
	return "403007 Invalid namespace &#39;admin&#39; or method &#39;" + strings.TrimPrefix(name, "admin.") +
		"&#39; or you do not have the required permissions to call it."
}

// newSite makes a site by the method.
func (h *house) newSite(domain string) string {
	h.t.Helper()
	return field(h.must(h.boss, "admin.createSite", "partnerID", h.id, "baseDomain", domain), "apiKey")
}

// newKey makes an application by the method and puts it into a group of its own with the list, if there is one.
func (h *house) newKey(name, list, scope string) credential {
	h.t.Helper()
	answer := h.must(h.boss, "admin.createUserKey", "name", name, "ownerPartnerId", h.id)
	by := credential{"userKey", field(answer, "user", "userKey"), "secret", field(answer, "user", "secret")}
	if list != "" {
		h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", name, "acl", list)
		h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", name, "aclID", name, "scope", scope, "setUsers", `["`+by[1]+`"]`)
	}
	return by
}

// wholePartner is the scope of rights that hold everywhere.
const wholePartner = `{"allowPartners":["_owner"]}`

// listOf is a list that gives the methods of admin, and all fields.
func listOf(methods ...string) string {
	text := `{"_api":{"admin":{`
	for i, name := range methods {
		if i > 0 {
			text += ","
		}
		text += `"` + name + `":{"_ace":{"perms":"x"}}`
	}
	return text + `}},"_data":{},"_inherit":[]}`
}

// configObjects returns what is stored of the partner, to see that nothing has changed.
func (h *house) configObjects() string {
	h.t.Helper()
	var all strings.Builder
	for _, kind := range []string{acl.KindGroup, acl.KindList} {
		records, err := h.Store().ConfigObjects(h.t.Context(), store.OwnerOfPartner(h.Partner), kind)
		h.check(err)
		for _, r := range records {
			all.WriteString(r.Kind + " " + r.Name + " " + string(r.Document) + "\n")
		}
	}
	return all.String()
}

// gigyaStamp is the timestamp of a signed call.
func gigyaStamp(now time.Time) string { return strconv.FormatInt(now.Unix(), 10) }
