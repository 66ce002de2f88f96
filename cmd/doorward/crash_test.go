package main

import (
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// registrar registers accounts until it is stopped, and remembers which were acknowledged.
type registrar struct {
	client *http.Client
	site   devReady
	prefix string

	mu    sync.Mutex
	acked []string
	other []string
}

// run registers with several callers at once until stop is closed or calls fail.
func (r *registrar) run(callers int, stop <-chan struct{}) *sync.WaitGroup {
	var running sync.WaitGroup
	for c := range callers {
		running.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				uid := fmt.Sprintf("%s-%d-%d", r.prefix, c, n)
				a, err := call(r.client, r.site.HTTP, "accounts.register", "apiKey", r.site.APIKey, "secret", r.site.Secret,
					"siteUID", uid, "email", uid+"@example.com", "password", "Correct-horse-7", "finalizeRegistration", "true")
				if err != nil {
					return // The process is gone.
				}
				r.mu.Lock()
				if a.ErrorCode == 0 {
					r.acked = append(r.acked, uid)
				} else {
					r.other = append(r.other, fmt.Sprintf("%s: %d %s", uid, a.ErrorCode, a.ErrorDetails))
				}
				r.mu.Unlock()
			}
		})
	}
	return &running
}

// wait returns when so many registrations are acknowledged.
func (r *registrar) wait(t *testing.T, acked int) {
	t.Helper()
	for range 5000 {
		r.mu.Lock()
		n := len(r.acked)
		r.mu.Unlock()
		if n >= acked {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Errorf("after ten seconds %d registrations are not acknowledged", acked)
}

// stored returns the UIDs of all accounts of the data folder.
func stored(t *testing.T, folder string) map[string]bool {
	t.Helper()
	uids := map[string]bool{}
	for _, m := range uidMember.FindAllStringSubmatch(command(t, "account", "export", "--data", folder), -1) {
		uids[m[1]] = true
	}
	return uids
}

func TestNoAcknowledgedRegistrationIsLostWhenTheProcessIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty starts take seconds")
	}
	folder := t.TempDir()
	var acked []string
	first := ""
	for round := range 20 {
		p, ready := dev(t, "--data", folder)
		if first == "" {
			first = ready.APIKey
		}
		if ready.APIKey != first {
			t.Fatalf("round %d: the site is %s, it was %s", round, ready.APIKey, first)
		}
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
		r := &registrar{client: client, site: ready, prefix: fmt.Sprint("r", round)}
		running := r.run(8, nil)
		// The moments differ: some kills hit the first calls after a start, some a busy writer.
		r.wait(t, 1+7*round%24)
		p.end(killed)
		running.Wait()
		client.CloseIdleConnections()
		if len(r.other) > 0 {
			t.Errorf("round %d: refused: %v", round, r.other)
		}
		acked = append(acked, r.acked...)
	}
	there := stored(t, folder)
	for _, uid := range acked {
		if !there[uid] {
			t.Errorf("%s was acknowledged and is gone", uid)
		}
	}
	t.Logf("%d acknowledged, %d stored", len(acked), len(there))
}

func TestAStoppedServerFinishesWhatItAccepted(t *testing.T) {
	folder := t.TempDir()
	p, ready := dev(t, "--data", folder)
	// A connection a call: on a kept one a call may cross the server's goodbye, and nobody can tell whether it was read.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r := &registrar{client: client, site: ready, prefix: "g"}
	running := r.run(8, nil)
	r.wait(t, 30)
	status, _ := p.end(syscall.SIGTERM)
	running.Wait()
	if status != 0 {
		t.Errorf("status %d: %s", status, p.stderr.buf.String())
	}
	if len(r.other) > 0 {
		t.Errorf("refused: %v", r.other)
	}
	there := stored(t, folder)
	if len(there) != len(r.acked) {
		t.Errorf("%d registrations were acknowledged, %d are stored: a call that was under way got no answer", len(r.acked), len(there))
	}
}
