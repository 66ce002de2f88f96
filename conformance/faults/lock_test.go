package faults_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAnotherProcessHoldsTheLockOfTheDatabase: a shell on the file with an open transaction, a backup tool that locks.
func TestAnotherProcessHoldsTheLockOfTheDatabase(t *testing.T) {
	t.Parallel() // It mostly waits.
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	for i := range 8 {
		h.register(fmt.Sprintf("known%d", i))
	}
	d.rows("BEGIN IMMEDIATE")
	begun := time.Now()
	t.Run("writes are told to come again", func(t *testing.T) {
		h.t = t
		var running sync.WaitGroup
		for i := range 16 {
			running.Go(func() {
				uid := fmt.Sprintf("locked%d", i)
				a := h.send(call{method: "accounts.register", by: partner, params: []string{
					"siteUID", uid, "email", uid + "@example.com", "password", testPassword, "finalizeRegistration", "true",
				}}, nil)
				a.checkEnvelope()
				a.checkSilent(h.secrets()...)
				if a.number("errorCode") != 503001 {
					t.Errorf("%s", a.text)
				}
			})
		}
		running.Wait()
	})
	t.Run("reads go on, and what must be recorded of them holds nobody up", func(t *testing.T) {
		h.t = t
		const callers, each = 16, 130 // More than the audit log's queue holds.
		var running sync.WaitGroup
		var slowest atomic.Int64
		begun := time.Now()
		for i := range callers {
			running.Go(func() {
				for range each {
					begun := time.Now()
					h.must(0, call{method: "accounts.getAccountInfo", by: userKey, params: []string{"UID", fmt.Sprintf("known%d", i%8)}})
					for took := int64(time.Since(begun)); ; {
						old := slowest.Load()
						if took <= old || slowest.CompareAndSwap(old, took) {
							break
						}
					}
				}
			})
		}
		running.Wait()
		if worst := time.Duration(slowest.Load()); worst > 5*time.Second {
			t.Errorf("a read took %s", worst)
		}
		t.Logf("%d reads in %s, the slowest %s", callers*each, time.Since(begun), time.Duration(slowest.Load()))
	})
	h.t = t
	held := time.Since(begun)
	d.rows("ROLLBACK")
	released := time.Now()
	uid := newUID()
	h.register(uid)
	h.must(0, call{method: "accounts.login", by: anybody, params: []string{"loginID", uid + "@example.com", "password", testPassword}})
	t.Logf("locked for %s, first write %s after", held, time.Since(released))
	d.checkInvariants()
}
