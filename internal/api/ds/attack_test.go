package ds_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// TestNoInputIsTooStrange sends what was made to break servers to every parameter of every method: each is answered, by an
// error of the caller's or a success, and nothing but what was sent is stored.
func TestNoInputIsTooStrange(t *testing.T) {
	h := newHouse(t)
	h.call(server, "ds.store", "type", "t", "oid", "1", "data", `{"a":"kept"}`)
	strange := []string{
		"", " ", "\x00", "\xff\xfe", "null", "true", "[]", "{}", `""`, "0", "-1", "1e999", "*", "%", "_", "'", `"`, "`", ";", "\\", "../../etc/passwd", "a.b", ".", "data.", "a\x00b",
		"' OR '1'='1", "1; DROP TABLE data_objects", "$where", `{"$gt":""}`, `{"a":` + strings.Repeat(`{"a":`, 5000), strings.Repeat("[", 100_000),
		`{"a":"` + strings.Repeat("x", 1<<20) + `"}`, `{"` + strings.Repeat("a.", 50_000) + `":1}`, "\u202e", "ﬀ", strings.Repeat("é", 1000),
		`{"__proto__":{"polluted":1}}`, `{"constructor":{"prototype":{"x":1}}}`, `{"a":{"a":1},"a":2}`, `{"fields":{"__proto__":{}}}`,
		`{"fields":{"a":{"format":"regex('(a+)+$')","type":"text"}}}`, `{"unique":[["a","a","a"]]}`, `["a","__proto__"]`, "SELECT", "SELECT * FROM", "auto",
	}
	for _, m := range h.Methods.Methods() {
		for _, param := range m.Params() {
			for _, value := range strange {
				params := map[string]string{"type": "strange", "oid": "1", "data": `{"b":1}`, "dataSchema": `{}`, "query": "SELECT * FROM strange"}
				params[param.Name] = value
				var list []string
				for name, value := range params {
					list = append(list, name, value)
				}
				got := h.call(server, m.Spec.Name, list...)
				switch {
				case strings.HasPrefix(got, "{"):
					if _, err := document.ParseObject([]byte(got)); err != nil {
						t.Errorf("%s %s=%.50q: no JSON: %.200s", m.Spec.Name, param.Name, value, got)
					}
				case !strings.HasPrefix(got, "40") && !strings.HasPrefix(got, "413"):
					t.Errorf("%s %s=%.50q: %.200s", m.Spec.Name, param.Name, value, got)
				}
				if len(got) > 5000 && strings.HasPrefix(got, "4") {
					t.Errorf("%s %s=%.50q: an error of %d bytes", m.Spec.Name, param.Name, value, len(got))
				}
			}
		}
	}
	if got := h.data("t", "1", ""); got != `{"a":"kept"}` {
		t.Errorf("another object became %s", got)
	}
}

// TestDataCannotPretend sends members that the row has beside data.
func TestDataCannotPretend(t *testing.T) {
	h := newHouse(t)
	h.play([]step{
		{nil, "ds.store", p("type", "t", "oid", "1", "UID", "ann", "data", `{"oid":"2","UID":"bob","created":5,"lastUpdated":"x","data":{"oid":"3"}}`), `{"oid":"1"}`},
		{nil, "ds.search", p("query", `SELECT oid, UID FROM t WHERE UID = "bob" OR oid = "2"`), `{"results":[],"objectsCount":0,"totalCount":0}`},
		{nil, "ds.search", p("query", `SELECT oid, UID, data.UID FROM t WHERE data.UID = "bob"`), `{"results":[{"oid":"1","UID":"ann","data":{"UID":"bob"}}],"objectsCount":1,"totalCount":1}`},
		{bob, "ds.get", p("type", "t", "oid", "1"), "404000"},
		{nil, "ds.get", p("type", "t", "oid", "1", "UID", "ann", "fields", "data.data.oid"), `{"oid":"1","UID":"ann","data":{"data":{"oid":"3"}},` + stamps},
	})
}

// TestOneSessionNeverReachesAnothers tries every method with every way to name somebody else.
func TestOneSessionNeverReachesAnothers(t *testing.T) {
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"fields":{"a":{"type":"string","writeAccess":"clientModify"}}}`)
	h.call(server, "ds.store", "type", "t", "oid", "o", "UID", "bob", "data", `{"a":"bob's secret"}`)
	h.call(server, "ds.store", "type", "t", "oid", "free", "data", `{"a":"the site's secret"}`)
	before := h.call(server, "ds.search", "query", "SELECT * FROM t")
	const query = "SELECT * FROM t"
	for _, m := range h.Methods.Methods() {
		for _, uid := range []string{"bob", "BOB", "bob ", "bob\x00", "ann,bob", "*", "%", "[\"bob\"]"} {
			for _, by := range []*caller.Caller{ann, public} {
				for _, oid := range []string{"o", "free"} {
					got := h.call(by, m.Spec.Name, "type", "t", "oid", oid, "UID", uid, "uid", uid, "data", `{"a":"x"}`, "dataSchema", `["a"]`, "query", query)
					if strings.HasPrefix(got, "{") || strings.Contains(got, "secret") {
						t.Errorf("%s UID=%q: %s", m.Spec.Name, uid, got)
					}
				}
			}
		}
	}
	if got := h.call(server, "ds.search", "query", "SELECT * FROM t"); got != before {
		t.Errorf("before %s\nafter  %s", before, got)
	}
}

// TestNoObjectOutlivesItsAccount stores and deletes at once: whoever is first, nothing of nobody stays.
func TestNoObjectOutlivesItsAccount(t *testing.T) {
	h := newHouse(t)
	for round := range 20 {
		uid := fmt.Sprintf("u%d", round)
		h.change(func(tx store.Tx) error {
			return tx.PutAccount(&store.Account{Group: testKey, UID: uid, Created: 1, Registered: 1})
		})
		var running sync.WaitGroup
		running.Go(func() {
			_ = h.store.Change(context.Background(), func(tx store.Tx) error { return tx.DeleteAccount(testKey, uid) })
		})
		for i := range 4 {
			running.Go(func() {
				got, err := h.try(testKey, server, "ds.store", "type", "t", "oid", fmt.Sprint(i), "UID", uid, "data", `{"a":1}`)
				if err != nil || got != fmt.Sprintf(`{"oid":"%d"}`, i) && got != "403005" {
					t.Errorf("%s, %v", got, err)
				}
			})
		}
		running.Wait()
	}
	if got := h.call(server, "ds.search", "query", "SELECT count(*) FROM t"); got != `{"results":[{"data":{"count(*)":0}}],"objectsCount":1,"totalCount":0}` {
		t.Error(got)
	}
}

// TestAValueIsUniqueWhoeverIsFirst stores many objects with one value at once.
func TestAValueIsUniqueWhoeverIsFirst(t *testing.T) {
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"unique":["code"]}`)
	var running sync.WaitGroup
	answers := make([]string, 20)
	for i := range answers {
		running.Go(func() {
			var err error
			if answers[i], err = h.try(testKey, server, "ds.store", "type", "t", "oid", fmt.Sprint(i), "data", `{"code":"one"}`); err != nil {
				answers[i] = err.Error()
			}
		})
	}
	running.Wait()
	stored := 0
	for _, answer := range answers {
		if strings.HasPrefix(answer, "{") {
			stored++
		} else if answer != "400022" {
			t.Error(answer)
		}
	}
	if stored != 1 {
		t.Errorf("%d were stored", stored)
	}
}
