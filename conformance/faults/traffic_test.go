package faults_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// person is an account as far as the test was told: what was acknowledged, and the call that got no answer.
type person struct {
	uid string
	// exists: a registration was acknowledged and no deletion. step is the number that was last acknowledged as written.
	exists bool
	step   int
	// pending is the method of the call that got no answer; empty: none.
	pending string
}

// traffic is several callers who register, change and delete accounts, each one call after the other.
type traffic struct {
	mu      sync.Mutex
	people  []*person
	refused []string
	acked   int
	serial  int
}

// run lets the callers work until their calls get no answers or stop is closed.
func (w *traffic) run(p *process, client *http.Client, callers int, stop <-chan struct{}) *sync.WaitGroup {
	var running sync.WaitGroup
	for range callers {
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				one := &person{uid: w.name()}
				w.mu.Lock()
				w.people = append(w.people, one)
				w.mu.Unlock()
				if !w.live(p, client, one) {
					return
				}
			}
		})
	}
	return &running
}

func (w *traffic) name() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	return fmt.Sprintf("p%d", w.serial)
}

// live is what befalls one account. It returns false when a call got no answer.
func (w *traffic) live(p *process, client *http.Client, one *person) bool {
	ok, sent := w.send(p, client, one, "accounts.register", "siteUID", one.uid, "email", one.uid+"@example.com",
		"password", testPassword, "finalizeRegistration", "true")
	if !sent || !ok {
		return sent
	}
	one.exists = true
	for step := 1; step <= 3; step++ {
		ok, sent := w.send(p, client, one, "accounts.setAccountInfo", "UID", one.uid,
			"data", fmt.Sprintf(`{"step":%d}`, step), "profile", fmt.Sprintf(`{"nickname":"%d"}`, step))
		if !sent {
			return false
		}
		if ok {
			one.step = step
		}
	}
	if strings.HasSuffix(one.uid, "3") {
		ok, sent := w.send(p, client, one, "accounts.deleteAccount", "UID", one.uid)
		if ok {
			one.exists = false
		}
		return sent
	}
	return true
}

// send makes one call: ok is an acknowledgement, sent a whole answer.
func (w *traffic) send(p *process, client *http.Client, one *person, method string, params ...string) (ok, sent bool) {
	one.pending = method
	a, err := p.try(client, method, params...)
	if err != nil {
		return false, false
	}
	one.pending = ""
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.number("errorCode") != 0 {
		w.refused = append(w.refused, method+": "+a.text)
		return false, true
	}
	w.acked++
	return true, true
}

// wait returns when so many more calls have been acknowledged.
func (w *traffic) wait(t *testing.T, more int) {
	t.Helper()
	acked := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.acked
	}
	want := acked() + more
	for deadline := time.Now().Add(30 * time.Second); acked() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d more calls are not acknowledged within 30 seconds", more)
		}
	}
}

// check holds what is stored against what was acknowledged. A call without an answer may have happened, whole, if
// mayHaveHappened says so.
func (w *traffic) check(d *database, mayHaveHappened bool) {
	d.t.Helper()
	found := map[string][2]string{}
	for _, line := range d.rows("SELECT uid, coalesce(data ->> '$.step', '0'), coalesce(profile ->> '$.nickname', '0') FROM accounts WHERE registered > 0") {
		f := strings.Split(line, "|")
		found[f[0]] = [2]string{f[1], f[2]}
	}
	for _, one := range w.people {
		got, there := found[one.uid]
		delete(found, one.uid)
		exists := one.exists
		if mayHaveHappened && (one.pending == "accounts.register" || one.pending == "accounts.deleteAccount") {
			exists = there
		}
		if there != exists {
			d.t.Errorf("%s: stored %t, acknowledged %t, without an answer %q", one.uid, there, one.exists, one.pending)
		}
		if !there || !exists {
			one.exists, one.pending = there, ""
			continue
		}
		step, err := strconv.Atoi(got[0])
		if err != nil || got[0] != got[1] {
			d.t.Errorf("%s: half a change is stored: %v", one.uid, got)
		}
		late := mayHaveHappened && one.pending == "accounts.setAccountInfo" && step == one.step+1
		if step != one.step && !late {
			d.t.Errorf("%s: step %d is stored, %d was acknowledged, without an answer %q", one.uid, step, one.step, one.pending)
		}
		one.exists, one.step, one.pending = true, step, ""
	}
	for uid := range found {
		d.t.Errorf("%s is stored and was never registered, or not finally", uid)
	}
}

// living returns some people whose accounts exist.
func (w *traffic) living(n int) []*person {
	var list []*person
	for i := len(w.people) - 1; i >= 0 && len(list) < n; i-- {
		if w.people[i].exists {
			list = append(list, w.people[i])
		}
	}
	return list
}
