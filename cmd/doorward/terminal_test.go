package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// TestNamesOfOthersAreNoCommandsForATerminal: keys, partners and sites get their names through the API, and the operator lists them.
func TestNamesOfOthersAreNoCommandsForATerminal(t *testing.T) {
	const hostile = "\x1b]0;owned\x07\x1b[2J\u202e\u009b\x9b\x7f\nforged  active\tforged\r"
	data := filepath.Join(t.TempDir(), "data")
	inst, err := setup.Open(t.Context(), setup.Options{Folder: data, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	f := inst.Factory()
	one, _, err := f.NewPartner("one")
	two, _, err2 := f.NewPartner("two")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	one.Name += hostile
	two.Name += hostile
	s, err := f.NewSite(site.SiteOptions{Partner: one.ID, BaseDomain: "shop.example.com", Description: hostile, DataCenter: "eu1"})
	if err != nil {
		t.Fatal(err)
	}
	s.BaseDomain += hostile
	k, err := f.NewKey(site.KeyOptions{Partner: one.ID, Kind: store.KindUser, Name: "sync", Description: hostile, Privileges: []string{"_allApis"}})
	if err != nil {
		t.Fatal(err)
	}
	k.Record.Name += hostile
	k.Record.Privileges = append(k.Record.Privileges, hostile)
	k.Record.Sites = []string{hostile}
	err = inst.Store.Change(t.Context(), func(tx store.Tx) error {
		record := &store.Audit{Time: 1, APIKey: s.APIKey, Partner: one.ID, CallID: hostile, Method: "accounts." + hostile, UID: "zoe", UserKey: hostile,
			Record: []byte(`{"sourceIP":` + strconv.Quote("\x1b[2J\n\t") + `,"errMessage":"\u001b[2J"}`)}
		return errors.Join(tx.PutPartner(one), tx.PutPartner(two), tx.PutSite(s), tx.PutKey(k.Record), tx.AppendAudit(record))
	})
	if err := errors.Join(err, inst.Close()); err != nil {
		t.Fatal(err)
	}
	partner := strconv.FormatInt(one.ID, 10)
	for _, c := range []struct {
		verb  []string
		lines int
	}{
		{[]string{"partner", "list"}, 3},
		{[]string{"partner", "set", partner, "--enable"}, 1},
		{[]string{"site", "list"}, 2},
		{[]string{"site", "show", s.APIKey}, 0},
		{[]string{"site", "create", "--domain", "more.example.com"}, 3}, // Names the partners that there are.
		{[]string{"site", "set", s.APIKey, "--status", "active"}, 0},
		{[]string{"key", "list"}, 2},
		{[]string{"key", "create", "--name", "k", "--privilege", "_allApis"}, 3},
		{[]string{"key", "set", k.Record.UserKey, "--disable"}, 1},
		{[]string{"audit", "account", "zoe"}, 1},
		{[]string{"audit", "verify"}, 0},
		{[]string{"export", filepath.Join(data, "files")}, 0},
		{[]string{"plan", filepath.Join(data, "files")}, 0},
	} {
		name := strings.Join(c.verb[:2], " ")
		var out, said bytes.Buffer
		run(t.Context(), append(c.verb, "--data", data), console{strings.NewReader(""), &out, &said})
		text := out.String() + said.String()
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%s prints %q", name, text)
		}
		if strings.Contains(text, "\nforged") || c.lines > 0 && strings.Count(text, "\n") != c.lines {
			t.Errorf("%s prints other lines than its own: %q", name, text)
		}
		if strings.Contains(text, "forged") && strings.Contains(text, "active  forged") {
			t.Errorf("%s prints other columns than its own: %q", name, text)
		}
	}
	// The record was written without the master key: that nobody can check it is told, and is no success.
	var out, said bytes.Buffer
	heads := filepath.Join(data, "heads.json")
	status := run(t.Context(), []string{"audit", "verify", "--write-heads", heads, "--data", data}, console{strings.NewReader(""), &out, &said})
	if _, err := os.Stat(heads); status != 1 || err != nil || !strings.Contains(out.String(), "(records: 1)") ||
		said.String() != "doorward: chains that could not be checked: 1; of what could be, nothing is wrong\n" {
		t.Errorf("status %d, %v: %q, %q", status, err, out.String(), said.String())
	}
	out.Reset()
	run(t.Context(), []string{"partner", "list", "--json", "--data", data}, console{strings.NewReader(""), &out, &out})
	if want := `"name": "one\u001b]0;owned\u0007\u001b[2J`; !strings.Contains(out.String(), want) {
		t.Errorf("JSON is %s, want %s in it", out.String(), want)
	}
}
