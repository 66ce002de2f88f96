package password

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

func TestQueue(t *testing.T) {
	t.Run("serves the waiters in the order in which they came", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 10, nil)
			must(t, q.acquire(t.Context()))
			var order []int
			for i := range 10 {
				go func() {
					if err := q.acquire(t.Context()); err != nil {
						t.Error(err)
					}
					order = append(order, i) // one slot: never two at a time
					q.release()
				}()
				synctest.Wait()
			}
			q.release()
			synctest.Wait()
			if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(order, want) {
				t.Errorf("order %v, want %v", order, want)
			}
		})
	})
	t.Run("refuses at once who comes when it is full", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 1, nil)
			must(t, q.acquire(t.Context()))
			go func() {
				must(t, q.acquire(t.Context()))
				q.release()
			}()
			synctest.Wait()
			if err := q.acquire(t.Context()); !errors.Is(err, ErrBusy) {
				t.Errorf("error %v, want ErrBusy", err)
			}
			q.release()
			synctest.Wait()
			must(t, q.acquire(t.Context()))
		})
	})
	t.Run("lets a cancelled waiter go and gives its place to another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 1, nil)
			must(t, q.acquire(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if err := q.acquire(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want context.Canceled", err)
				}
			}()
			synctest.Wait()
			cancel()
			synctest.Wait()
			served := false
			go func() {
				must(t, q.acquire(t.Context()))
				served = true
			}()
			synctest.Wait()
			q.release()
			synctest.Wait()
			if !served {
				t.Error("the second waiter was not served")
			}
		})
	})
	t.Run("does not give a slot to a caller that is already cancelled", func(t *testing.T) {
		q := newQueue(1, 1, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		must(t, q.acquire(t.Context()))
	})
	t.Run("loses no slot when cancelling and releasing race", func(t *testing.T) {
		q := newQueue(1, 1, nil)
		for range 2000 {
			must(t, q.acquire(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- q.acquire(ctx) }()
			go cancel()
			q.release()
			if <-done == nil {
				q.release()
			}
		}
		if q.free != 1 || q.waiting.Len() != 0 {
			t.Errorf("%d slots free and %d waiting, want 1 and 0", q.free, q.waiting.Len())
		}
	})
}

func TestHashingIsToldHowManyHashesAreMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []int
		h := New(Options{Params: Params{8, 1, 1}, Slots: 2, Hashing: func(n int) { told = append(told, n) }})
		q := h.queue
		must(t, q.acquire(t.Context()))
		must(t, q.acquire(t.Context()))
		go func() { must(t, q.acquire(t.Context())) }()
		synctest.Wait()
		q.release() // To the one that waits: as many as before.
		synctest.Wait()
		q.release()
		q.release()
		must(t, h.Pretend(t.Context(), "x"))
		if want := []int{1, 2, 1, 0, 1, 0}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

// slowHash is a stored hash that takes as long as the test wants.
type slowHash struct{ started, end chan struct{} }

func (s slowHash) matches(string) bool {
	close(s.started)
	<-s.end
	return true
}

func (slowHash) current(Params) bool { return false }

func TestSlotIsHeldUntilTheHashEnds(t *testing.T) {
	h := New(Options{Params: Params{8, 1, 1}, Slots: 1, Queue: -1})
	slow := slowHash{make(chan struct{}), make(chan struct{})}
	h.formats["slow"] = func(string) (stored, error) { return slow, nil }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		ok, rehash, err := h.Verify(ctx, "$slow$", "x")
		if !ok || !rehash {
			t.Errorf("ok %v, rehash %v; want both", ok, rehash)
		}
		done <- err
	}()
	<-slow.started
	cancel()
	if err := h.Pretend(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("while a cancelled call still hashes: error %v, want ErrBusy", err)
	}
	close(slow.end)
	must(t, <-done)
	must(t, h.Pretend(t.Context(), "x"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
