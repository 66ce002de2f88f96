package faults_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled kills a busy server again and again. DOORWARD_TEST_KILL_ROUNDS says how
// often; 20 without it.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("every round starts a server")
	}
	rounds := 20
	if text := os.Getenv("DOORWARD_TEST_KILL_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	w := &traffic{}
	var slowest time.Duration
	apiKey := ""
	for round := range rounds {
		begun := time.Now()
		p := launch(t, folder, cheap...)
		slowest = max(slowest, time.Since(begun))
		if apiKey == "" {
			apiKey = p.APIKey
		}
		if p.APIKey != apiKey {
			t.Fatalf("round %d: the site is %s, it was %s", round, p.APIKey, apiKey)
		}
		d := openDatabase(t, p.database())
		w.check(d, true)
		d.checkInvariants()
		d.checkFile()
		for _, one := range w.living(2) {
			p.want(0, "accounts.login", "loginID", one.uid+"@example.com", "password", testPassword)
		}
		if err := d.c.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
		running := w.run(p, client, 8, nil)
		// The moments differ: some kills hit the first calls after a start, some a busy writer, some a checkpoint.
		w.wait(t, 1+31*round%190)
		p.end(syscall.SIGKILL)
		running.Wait()
		client.CloseIdleConnections()
	}
	p := launch(t, folder, cheap...)
	d := openDatabase(t, p.database())
	w.check(d, true)
	d.checkInvariants()
	d.checkFile()
	if len(w.refused) > 0 {
		t.Errorf("%d calls were refused: %s", len(w.refused), w.refused[0])
	}
	t.Logf("%d rounds, %d acknowledged writes on %d accounts, slowest start %s", rounds, w.acked, len(w.people), slowest)
}

// TestAStoppedServerFinishesWhatItAccepted stops a busy server as a supervisor does. Nothing may happen to a call that
// gets no answer.
func TestAStoppedServerFinishesWhatItAccepted(t *testing.T) {
	folder := t.TempDir()
	w := &traffic{}
	const rounds = 3
	for round := range rounds {
		p := launch(t, folder, cheap...)
		// A connection a call: on a kept one a call may cross the server's goodbye, and nobody can tell whether it was read.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		running := w.run(p, client, 16, nil)
		w.wait(t, 60+70*round)
		if status := p.end(syscall.SIGTERM); status != 0 {
			t.Errorf("status %d: %s", status, p.Log.Take())
		}
		running.Wait()
		d := openDatabase(t, p.database())
		w.check(d, false)
		d.checkInvariants()
		d.checkFile()
	}
	if len(w.refused) > 0 {
		t.Errorf("%d calls were refused: %s", len(w.refused), w.refused[0])
	}
	t.Logf("%d acknowledged writes", w.acked)
}

// TestAStoppedServerAnswersThoseWhoWaitInTheQueue stops a server in which 40 logins wait for one hash after the other.
func TestAStoppedServerAnswersThoseWhoWaitInTheQueue(t *testing.T) {
	p := launch(t, t.TempDir(), "--set", "password.slots=1", "--set", "password.queue=64")
	p.want(0, "accounts.register", "siteUID", "a", "email", "a@example.com", "password", testPassword, "finalizeRegistration", "true")
	const waiting = 40
	results := make(chan string, waiting)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range waiting {
		go func() {
			a, err := p.try(client, "accounts.login", "loginID", "a@example.com", "password", testPassword)
			switch {
			case err != nil:
				results <- err.Error()
			case a.number("errorCode") != 0 || a.member("sessionInfo", "cookieValue") == "":
				results <- a.text
			default:
				results <- ""
			}
		}()
	}
	// All have been accepted when so many are answered or being answered.
	for accepted := 0; accepted < waiting; time.Sleep(5 * time.Millisecond) {
		accepted = len(results)
		if _, rest, ok := strings.Cut(p.get("/metrics"), "\ndoorward_calls_in_flight "); ok {
			number, _, _ := strings.Cut(rest, "\n")
			inFlight, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			accepted += inFlight
		}
	}
	early := len(results)
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d: %s", status, p.Log.Take())
	}
	for range waiting {
		if text := <-results; text != "" {
			t.Error(text)
		}
	}
	d := openDatabase(t, p.database())
	if n := len(d.rows("SELECT hash FROM sessions")); n != waiting+1 {
		t.Errorf("%d sessions are stored, %d were opened", n, waiting+1)
	}
	if early == waiting {
		t.Error("all were answered before the end: the test says nothing")
	}
	t.Logf("%d of %d were answered before the signal", early, waiting)
}
