package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

const (
	purgedAfter = 30 * 24 * time.Hour
	gone        = "3_gone"
	there       = "3_there"
	child       = "3_child"
	// noTime: the record does not say when.
	noTime = -1
)

// purgeHouse is a store with sites of one partner, which all have the same.
type purgeHouse struct {
	*testing.T
	store.Store
	now time.Time
}

func newPurgeHouse(t *testing.T) *purgeHouse {
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "d.db"), Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &purgeHouse{T: t, Store: s, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	h.change(func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1, Name: "p"}) })
	return h
}

func (h *purgeHouse) change(fn func(tx store.Tx) error) {
	h.Helper()
	if err := h.Store.Change(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

// site makes a site with its configuration and, where it is in no other's group, accounts, lite accounts and objects.
func (h *purgeHouse) site(apiKey, group string, accounts int) {
	h.Helper()
	id := store.Identifier{Space: store.LoginSpace, Value: "somebody"}
	h.change(func(tx store.Tx) error {
		errs := []error{
			tx.PutSite(&store.Site{
				APIKey: apiKey, SiteID: int64(len(apiKey)) + 10*int64(apiKey[2]), Partner: 1, Group: group, BaseDomain: apiKey + ".example.com", Status: store.SiteActive,
				Settings: json.RawMessage(`{"ownUIDsOnly":true}`), Policies: json.RawMessage(`{}`), Schema: json.RawMessage(`{}`), Config: json.RawMessage(`{"tags":["a"]}`),
			}),
			tx.PutConfigObject(&store.ConfigObject{Owner: apiKey, Kind: "screenSet", Name: "a", Document: json.RawMessage(`{}`), Secrets: store.Sealed("s")}),
			tx.PutConfigObject(&store.ConfigObject{Owner: apiKey, Kind: "webhook", Name: "b", Document: json.RawMessage(`{}`)}),
		}
		if apiKey != group {
			return errors.Join(errs...)
		}
		for i := range accounts {
			uid := fmt.Sprint("u", i)
			errs = append(errs, tx.PutAccount(&store.Account{Group: apiKey, UID: uid}),
				tx.PutSession(&store.Session{Group: apiKey, UID: uid, Hash: store.Hash{1}, Site: apiKey}),
				tx.PutAccount(&store.Account{Group: store.LiteGroup(apiKey), UID: "l" + uid}))
		}
		errs = append(errs, tx.ClaimIdentifier(apiKey, id, "u0"), tx.PutDataType(&store.DataType{Group: apiKey, Name: "t"}))
		for i := range accounts {
			errs = append(errs, tx.PutDataObject(&store.DataObject{Group: apiKey, Type: "t", OID: fmt.Sprint(i), Data: json.RawMessage(`{}`)}))
		}
		return errors.Join(errs...)
	})
}

// status sets the status, as of a time before now.
func (h *purgeHouse) status(apiKey, status string, ago time.Duration) {
	h.Helper()
	h.change(func(tx store.Tx) error {
		s, err := tx.Site(apiKey)
		if err != nil {
			return err
		}
		s.Status, s.Deleted = status, 0
		if status == store.SiteDeleted && ago != noTime {
			s.Deleted = clock.FromTime(h.now.Add(-ago))
		}
		return tx.PutSite(s)
	})
}

// left counts what a site has.
func (h *purgeHouse) left(apiKey string) map[string]int {
	h.Helper()
	ctx, left := h.Context(), map[string]int{}
	for name, group := range map[string]string{"accounts": apiKey, "lite": store.LiteGroup(apiKey)} {
		_, err := h.SearchAccounts(ctx, store.Search{Group: group, Limit: 1000}, func(*store.Account, []query.Value) error {
			left[name]++
			return nil
		})
		if err != nil {
			h.Fatal(err)
		}
	}
	objects, err := h.DataCount(ctx, apiKey, "t")
	if err != nil {
		h.Fatal(err)
	}
	left["objects"] = int(objects)
	if _, err := h.Owner(ctx, apiKey, store.Identifier{Space: store.LoginSpace, Value: "somebody"}); err == nil {
		left["identifiers"]++
	}
	if _, err := h.Session(ctx, apiKey, "u0", store.Hash{1}); err == nil {
		left["sessions"]++
	}
	configured, err := h.ConfigObjects(ctx, apiKey, "")
	if err != nil {
		h.Fatal(err)
	}
	left["configured"] = len(configured)
	s, err := h.Site(ctx, apiKey)
	if err != nil {
		h.Fatal(err)
	}
	for _, part := range []json.RawMessage{s.Settings, s.Policies, s.Schema, s.Config} {
		if part != nil {
			left["settings"]++
		}
	}
	maps.DeleteFunc(left, func(_ string, n int) bool { return n == 0 })
	return left
}

func (h *purgeHouse) purge(kept time.Duration) int {
	h.Helper()
	p := purger{h.Store, kept, func(context.Context, time.Duration) bool { return true }}
	removed, err := p.purge(h.Context(), h.now)
	if err != nil {
		h.Fatal(err)
	}
	return removed
}

func TestWhatADeletedSiteHadIsPurgedAfterItsTimeOfGrace(t *testing.T) {
	all := map[string]int{"accounts": 150, "lite": 150, "objects": 150, "identifiers": 1, "sessions": 1, "configured": 2, "settings": 4}
	for _, tt := range []struct {
		name   string
		status string
		ago    time.Duration
		kept   time.Duration
		purged bool
	}{
		{"deleted long ago", store.SiteDeleted, purgedAfter + time.Hour, purgedAfter, true},
		{"deleted a little while ago", store.SiteDeleted, purgedAfter - time.Hour, purgedAfter, false},
		{"deleted long ago, and all is kept", store.SiteDeleted, purgedAfter + time.Hour, 0, false},
		{"deleted at a time that nobody knows", store.SiteDeleted, noTime, purgedAfter, false},
		{"disabled", store.SiteDisabled, purgedAfter + time.Hour, purgedAfter, false},
		{"active", store.SiteActive, purgedAfter + time.Hour, purgedAfter, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newPurgeHouse(t)
			h.site(gone, gone, 150)
			h.site(there, there, 150)
			h.status(gone, tt.status, tt.ago)
			removed := h.purge(tt.kept)
			want, number := all, 0
			if tt.purged {
				want, number = map[string]int{}, 453
			}
			if diff := cmp.Diff(want, h.left(gone)); diff != "" || removed != number {
				t.Errorf("removed %d, left of the deleted site: %s", removed, diff)
			}
			if diff := cmp.Diff(all, h.left(there)); diff != "" {
				t.Error("left of another:", diff)
			}
			s, err := h.Site(t.Context(), gone)
			if err != nil || s.Status != tt.status || s.BaseDomain != gone+".example.com" {
				t.Errorf("the record of the site is %+v, %v", s, err)
			}
			if again := h.purge(tt.kept); again != 0 {
				t.Errorf("a second purge removed %d", again)
			}
		})
	}
}

func TestAccountsOfAGroupStayWithItsLastSite(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(gone, gone, 3)
	h.site(child, gone, 0)
	h.status(gone, store.SiteDeleted, purgedAfter+time.Hour)
	for _, status := range []string{store.SiteActive, store.SiteDisabled} {
		h.status(child, status, 0)
		if removed := h.purge(purgedAfter); removed != 0 {
			t.Errorf("with a member that is %s, %d are removed", status, removed)
		}
	}
	h.status(child, store.SiteDeleted, time.Hour)
	if removed := h.purge(purgedAfter); removed != 0 {
		t.Errorf("with a member that can be restored, %d are removed", removed)
	}
	h.status(child, store.SiteDeleted, noTime)
	if removed := h.purge(purgedAfter); removed != 0 {
		t.Errorf("with a member that was deleted nobody knows when, %d are removed", removed)
	}
	// A member that is over loses its settings, and no account.
	h.status(gone, store.SiteActive, 0)
	h.status(child, store.SiteDeleted, purgedAfter+time.Hour)
	if removed := h.purge(purgedAfter); removed != 3 || h.left(gone)["accounts"] != 3 || len(h.left(child)) != 0 {
		t.Errorf("removed %d, left %v and %v", removed, h.left(gone), h.left(child))
	}
	h.status(gone, store.SiteDeleted, purgedAfter+time.Hour)
	if h.purge(purgedAfter); len(h.left(gone)) != 0 {
		t.Errorf("left with the last site: %v", h.left(gone))
	}
}

// restoring restores the site when its accounts were looked for.
type restoring struct {
	store.Store
	restore func()
}

func (r restoring) SearchAccounts(ctx context.Context, s store.Search, each func(*store.Account, []query.Value) error) (int64, error) {
	defer r.restore()
	return r.Store.SearchAccounts(ctx, s, each)
}

func TestASiteThatIsRestoredKeepsWhatIsLeft(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(gone, gone, 100)
	h.status(gone, store.SiteDeleted, purgedAfter+time.Hour)
	before := h.left(gone)
	p := purger{restoring{h.Store, func() { h.status(gone, store.SiteActive, 0) }}, purgedAfter, pause}
	if removed, err := p.purge(t.Context(), h.now); err != nil || removed != 0 {
		t.Errorf("removed %d, %v", removed, err)
	}
	if diff := cmp.Diff(before, h.left(gone)); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsOfAGroupStayWithAMemberThatIsRestored(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(gone, gone, 100)
	h.site(child, gone, 0)
	h.status(gone, store.SiteDeleted, purgedAfter+time.Hour)
	h.status(child, store.SiteDeleted, purgedAfter+time.Hour)
	before := h.left(gone)
	p := purger{restoring{h.Store, func() { h.status(child, store.SiteActive, 0) }}, purgedAfter, pause}
	if removed, err := p.purge(t.Context(), h.now); err != nil || removed != 0 {
		t.Errorf("removed %d, %v", removed, err)
	}
	if diff := cmp.Diff(before, h.left(gone)); diff != "" {
		t.Error(diff)
	}
}

func TestAPurgedMemberStaysInItsSegment(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(there, there, 1)
	h.site(child, there, 0)
	h.change(func(tx store.Tx) error {
		s, err := tx.Site(child)
		s.Config = json.RawMessage(`{"tags":["a"],"siteGroupConfig":{"enableSSO":true,"SSOSegment":"x"}}`)
		return errors.Join(err, tx.PutSite(s))
	})
	h.status(child, store.SiteDeleted, purgedAfter+time.Hour)
	if removed := h.purge(purgedAfter); removed != 3 {
		t.Errorf("removed %d", removed)
	}
	s, err := h.Site(t.Context(), child)
	if err != nil || string(s.Config) != `{"siteGroupConfig":{"SSOSegment":"x"}}` || s.Settings != nil {
		t.Errorf("left %s, %v", s.Config, err)
	}
	if again := h.purge(purgedAfter); again != 0 {
		t.Errorf("a second purge removed %d", again)
	}
}

func TestWhatAMemberHadOfItsOwnIsPurged(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(there, there, 3)
	h.site(child, child, 3) // An account was made while the site joined.
	h.change(func(tx store.Tx) error {
		s, err := tx.Site(child)
		s.Group = there
		return errors.Join(err, tx.PutSite(s))
	})
	all := h.left(there)
	h.status(child, store.SiteDeleted, purgedAfter+time.Hour)
	h.purge(purgedAfter)
	if left := h.left(child); len(left) != 0 {
		t.Errorf("left of the member: %v", left)
	}
	if diff := cmp.Diff(all, h.left(there)); diff != "" {
		t.Error("left of the parent:", diff)
	}
}

// failing does not find the accounts of a group.
type failing struct {
	store.Store
	group string
}

var errFailing = errors.New("no search today")

func (f failing) SearchAccounts(ctx context.Context, s store.Search, each func(*store.Account, []query.Value) error) (int64, error) {
	if s.Group == f.group {
		return 0, errFailing
	}
	return f.Store.SearchAccounts(ctx, s, each)
}

func TestASiteThatCannotBePurgedKeepsNoOther(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(gone, gone, 1)
	h.site(there, there, 1)
	for _, apiKey := range []string{gone, there} {
		h.status(apiKey, store.SiteDeleted, purgedAfter+time.Hour)
	}
	for _, broken := range []string{gone, there} { // Whichever is the first.
		p := purger{failing{h.Store, broken}, purgedAfter, pause}
		if _, err := p.purge(t.Context(), h.now); !errors.Is(err, errFailing) || !strings.Contains(err.Error(), broken) {
			t.Errorf("error %v", err)
		}
		other := map[string]string{gone: there, there: gone}[broken]
		if left := h.left(other); len(left) != 0 {
			t.Errorf("with %s broken there is left of %s: %v", broken, other, left)
		}
	}
}

func TestThePurgeBeginsWithPeopleAndEndsInTime(t *testing.T) {
	h := newPurgeHouse(t)
	h.site(gone, gone, 150)
	h.status(gone, store.SiteDeleted, purgedAfter+time.Hour)
	p := purger{h.Store, purgedAfter, func(context.Context, time.Duration) bool { return false }}
	removed, err := p.purge(t.Context(), h.now)
	if left := h.left(gone); err != nil || removed != purgeBatch || left["accounts"] != 150-purgeBatch || left["configured"] != 2 {
		t.Errorf("removed %d, %v; left %v", removed, err, slices.Sorted(maps.Values(left)))
	}
}
