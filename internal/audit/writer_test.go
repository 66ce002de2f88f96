package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/store"
)

// memory keeps records in memory; it refuses those with the error code 666, and everything while broken.
type memory struct {
	store.Tx
	mu      sync.Mutex
	records []string
	pending []string
	changes int
	broken  error
	// panics: every change panics.
	panics bool
	slow   time.Duration
}

var errPoison = errors.New("poison")

func (m *memory) Change(_ context.Context, fn func(tx store.Tx) error) error {
	time.Sleep(m.slow)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending = nil
	if m.panics {
		panic("broken driver")
	}
	if m.broken != nil {
		return m.broken
	}
	if err := fn(m); err != nil {
		return err
	}
	m.records, m.changes = append(m.records, m.pending...), m.changes+1
	return nil
}

func (m *memory) CheckpointAudits(context.Context) error { return nil }

func (m *memory) AppendAudit(r *store.Audit) error {
	if r.ErrorCode == 666 {
		return errPoison
	}
	m.pending = append(m.pending, r.CallID)
	return nil
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

func record(i int) *store.Audit { return &store.Audit{CallID: strconv.Itoa(i)} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestWritesAreThereWhenAppendReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		w := audit.NewWriter(m, quiet())
		before := time.Now()
		if err := w.Append(t.Context(), record(1), true); err != nil || m.count() != 1 {
			t.Errorf("%d records, %v", m.count(), err)
		}
		if waited := time.Since(before); waited != 0 {
			t.Errorf("a write waited %v for company", waited)
		}
		close1(t, w)
	})
}

func TestReadsWaitForCompanyAndNotLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		w := audit.NewWriter(m, quiet())
		for i := range 50 {
			if err := w.Append(t.Context(), record(i), false); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if m.count() != 0 {
			t.Errorf("%d records were written at once", m.count())
		}
		time.Sleep(audit.FlushInterval)
		synctest.Wait()
		if m.count() != 50 || m.changes != 1 {
			t.Errorf("%d records in %d changes, want 50 in 1", m.count(), m.changes)
		}
		close1(t, w)
	})
}

func TestAWriteTakesWaitingReadsWithItInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		w := audit.NewWriter(m, quiet())
		_ = w.Append(t.Context(), record(1), false)
		synctest.Wait()
		if err := w.Append(t.Context(), record(2), true); err != nil {
			t.Fatal(err)
		}
		if m.count() != 2 || m.records[0] != "1" || m.changes != 1 {
			t.Errorf("records %v in %d changes", m.records, m.changes)
		}
		close1(t, w)
	})
}

func TestWritesThatComeAtOnceShareTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{slow: time.Millisecond}
		w := audit.NewWriter(m, quiet())
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				if err := w.Append(t.Context(), record(i), true); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m.count() != 500 || m.changes > 10 {
			t.Errorf("%d records in %d changes", m.count(), m.changes)
		}
		close1(t, w)
	})
}

func TestOneBadRecordTakesNoOtherWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		w := audit.NewWriter(m, quiet())
		for i := range 5 {
			_ = w.Append(t.Context(), record(i), false)
		}
		err := w.Append(t.Context(), &store.Audit{ErrorCode: 666}, true)
		if !errors.Is(err, errPoison) {
			t.Errorf("error %v, want that of the store", err)
		}
		synctest.Wait()
		if m.count() != 5 {
			t.Errorf("%d records, want 5", m.count())
		}
		close1(t, w)
	})
}

func TestAStoreThatFailsIsToldToWritersAndBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{broken: errors.New("disk full")}
		w := audit.NewWriter(m, quiet())
		if err := w.Append(t.Context(), record(1), true); !errors.Is(err, m.broken) {
			t.Errorf("error %v", err)
		}
		for i := range 5000 { // More than the queue holds.
			if err := w.Append(t.Context(), record(i), false); err != nil {
				t.Fatal(err)
			}
		}
		close1(t, w)
	})
}

func TestABusyStoreIsAskedOnceForABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{broken: fmt.Errorf("locked: %w", store.ErrBusy), slow: time.Second}
		w := audit.NewWriter(m, slog.New(slog.DiscardHandler))
		for i := range 100 {
			if err := w.Append(t.Context(), record(i), false); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		if err := w.Close(t.Context()); err != nil || time.Since(begun) > 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

func TestAStoreThatPanicsIsAnErrorOfItsRecordsAlone(t *testing.T) {
	m := &memory{panics: true}
	w := audit.NewWriter(m, slog.New(slog.DiscardHandler))
	if err := w.Append(t.Context(), record(1), true); err == nil || !strings.Contains(err.Error(), "broken driver") {
		t.Errorf("error %v", err)
	}
	m.mu.Lock()
	m.panics = false
	m.mu.Unlock()
	if err := w.Append(t.Context(), record(2), true); err != nil || m.count() != 1 {
		t.Errorf("afterwards: %v, %d records", err, m.count())
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFullQueueMakesCallersWaitUntilTheyGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{slow: time.Hour}
		w := audit.NewWriter(m, quiet())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var err error
		n := 0
		for ; err == nil && n < 100_000; n++ {
			err = w.Append(ctx, record(n), false)
		}
		if !errors.Is(err, context.DeadlineExceeded) || n > 2000 {
			t.Errorf("after %d records: %v", n, err)
		}
		close1(t, w)
	})
}

func TestCloseWritesWhatWaitsAndTakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		w := audit.NewWriter(m, quiet())
		for i := range 300 {
			_ = w.Append(t.Context(), record(i), false)
		}
		close1(t, w)
		if m.count() != 300 {
			t.Errorf("%d records, want 300", m.count())
		}
		if err := w.Append(t.Context(), record(0), true); !errors.Is(err, audit.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		close1(t, w)
	})
}

func close1(t *testing.T, w *audit.Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
