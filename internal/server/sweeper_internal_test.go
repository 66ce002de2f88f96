package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// sweptStore answers sweeps with the numbers of each kind, one after the other, and remembers what it was asked.
type sweptStore struct {
	store.Store
	answers map[store.Swept][]int
	failing map[store.Swept]error
	// partners has their configurations; their ids are 1, 2 …
	partners []string
	asked    []store.Sweep
}

func (s *sweptStore) Sweep(_ context.Context, what store.Sweep) (int, error) {
	s.asked = append(s.asked, what)
	if err := s.failing[what.Kind]; err != nil {
		if err.Error() == "panic" {
			panic("in the store")
		}
		return 0, err
	}
	rest := s.answers[what.Kind]
	if len(rest) == 0 {
		return 0, nil
	}
	s.answers[what.Kind] = rest[1:]
	return rest[0], nil
}

func (s *sweptStore) Partners(context.Context) (all []*store.Partner, err error) {
	for i, config := range s.partners {
		all = append(all, &store.Partner{ID: int64(i + 1), Config: []byte(config)})
	}
	return all, nil
}

func TestASweepRemovesBatchesUntilNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Unix(1700000000, 0)
		inner := &sweptStore{answers: map[store.Swept][]int{
			store.SweptSessions: {sweepBatch, sweepBatch, 3}, store.SweptAudits: {sweepBatch},
		}}
		var log bytes.Buffer
		w := newSweeper(inner, clock.NewFake(now), slog.New(slog.NewTextHandler(&log, nil)), 48*time.Hour, 0)
		w.sweep(t.Context())
		sessions := store.Sweep{Kind: store.SweptSessions, Before: clock.FromTime(now.Add(-session.KeptExpired)), Limit: sweepBatch}
		audits := store.Sweep{Kind: store.SweptAudits, Before: clock.FromTime(now.Add(-48 * time.Hour)), Limit: sweepBatch}
		marks := store.Sweep{Kind: store.SweptMarks, Before: clock.FromTime(now.Add(-time.Hour)), Limit: sweepBatch}
		want := []store.Sweep{sessions, sessions, sessions, marks, audits, audits}
		if diff := cmp.Diff(want, inner.asked); diff != "" {
			t.Error(diff)
		}
		if text := log.String(); !strings.Contains(text, "msg=swept sessions=515 marks=0 audits=256 deletedSites=0 duration=") {
			t.Errorf("the log says %q", text)
		}
		log.Reset()
		w.sweep(t.Context())
		if log.Len() > 0 {
			t.Errorf("the log says of a sweep that found nothing: %q", log.String())
		}
	})
}

func TestASweepThatFailsHarmsNothing(t *testing.T) {
	inner := &sweptStore{answers: map[store.Swept][]int{store.SweptAudits: {7}}, failing: map[store.Swept]error{
		store.SweptSessions: errors.New("panic"), store.SweptMarks: errors.New("disk full"),
	}}
	var log bytes.Buffer
	newSweeper(inner, clock.NewFake(time.Unix(1700000000, 0)), slog.New(slog.NewTextHandler(&log, nil)), time.Hour, 0).sweep(t.Context())
	for _, want := range []string{"kind=sessions error=\"panic: in the store", "kind=marks error=\"disk full\"", "msg=swept sessions=0 marks=0 audits=7"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
}

func TestAuditRecordsAreKeptAsLongAsTheirPartnerWantsAndTheServerAllows(t *testing.T) {
	now := time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		most time.Duration
		want []time.Time
	}{
		{0, []time.Time{now.AddDate(0, -12, 0), now.AddDate(0, -3, 0), now.AddDate(0, -24, 0), now.AddDate(0, -12, 0), now.AddDate(0, -6, 0), now.AddDate(0, -12, 0)}},
		{200 * 24 * time.Hour, []time.Time{now.AddDate(0, 0, -200), now.AddDate(0, -3, 0), now.AddDate(0, 0, -200), now.AddDate(0, 0, -200),
			now.AddDate(0, -6, 0), now.AddDate(0, 0, -200)}},
	} {
		inner := &sweptStore{partners: []string{"", `{"auditRetention":3}`, `{"auditRetention":24}`, `{"auditRetention":-1}`, `{"AuditRetention":"6"}`}}
		newSweeper(inner, clock.NewFake(now), slog.New(slog.DiscardHandler), tt.most, 0).sweep(t.Context())
		var got []time.Time
		for _, what := range inner.asked {
			if what.Kind == store.SweptAudits {
				if want := int64(len(got)+1) % 6; what.Partner != want {
					t.Errorf("swept of partner %d, want %d", what.Partner, want)
				}
				got = append(got, what.Before.Time())
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSweepsComeEveryTenMinutesUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &sweptStore{}
		w := newSweeper(inner, clock.System{}, slog.New(slog.DiscardHandler), 0, 0)
		w.start()
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		if sweeps := len(inner.asked) / (len(w.rules) + 1); sweeps < 48 || sweeps > 80 {
			t.Errorf("%d sweeps in ten hours", sweeps)
		}
		if err := w.close(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := len(inner.asked)
		time.Sleep(10 * time.Hour)
		if len(inner.asked) != before {
			t.Error("it sweeps after its end")
		}
	})
}

func TestTheEndDoesNotWaitForALongSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endless := &sweptStore{answers: map[store.Swept][]int{}}
		for range 1 << 20 {
			endless.answers[store.SweptSessions] = append(endless.answers[store.SweptSessions], sweepBatch)
		}
		w := newSweeper(endless, clock.System{}, slog.New(slog.DiscardHandler), 0, 0)
		w.start()
		time.Sleep(2 * firstSweep)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.close(ctx); err != nil || len(endless.asked) == 0 {
			t.Errorf("%d batches, %v", len(endless.asked), err)
		}
	})
}

func TestASweepOfAStoreKeepsWhatIsNotOver(t *testing.T) {
	now := time.Unix(1700000000, 0)
	c := clock.NewFake(now)
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	ends := clock.FromTime(now)
	err = s.Change(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutSession(&store.Session{Group: "g", UID: "u", Hash: store.Hash{1}, Expires: ends}),
			tx.UseOnce("space", store.Hash{1}, ends-1, ends), tx.AppendAudit(&store.Audit{Time: ends, APIKey: "k"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newSweeper(s, c, slog.New(slog.DiscardHandler), session.KeptExpired, 0)
	there := func() bool {
		w.sweep(t.Context())
		_, err := s.Session(t.Context(), "g", "u", store.Hash{1})
		audits := 0
		if failed := s.Audits(t.Context(), store.AuditQuery{Log: "k", Limit: 9}, func(*store.Audit, string) error { audits++; return nil }); failed != nil {
			t.Fatal(failed)
		}
		if (err == nil) != (audits == 1) {
			t.Errorf("session %v, %d audit records", err, audits)
		}
		return err == nil
	}
	c.Advance(session.KeptExpired)
	if !there() {
		t.Error("gone at the end of the time that it is kept")
	}
	c.Advance(time.Millisecond)
	if there() {
		t.Error("there when the time is over")
	}
}
