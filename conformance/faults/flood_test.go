package faults_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// residentKiB is the present resident memory of the process; 0: it cannot be told here.
func residentKiB(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib
		}
	}
	return 0
}

// TestAFloodOfLoginsIsShedAndHarmsNobodyElse sends 500 logins at once at the real cost of a password: 19 MiB each. All at
// once would take ten gigabytes.
func TestAFloodOfLoginsIsShedAndHarmsNobodyElse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of both cores")
	}
	p := launch(t, t.TempDir(), "--set", "password.slots=2", "--set", "password.queue=60")
	p.want(0, "accounts.register", "siteUID", "a", "email", "a@example.com", "password", testPassword, "finalizeRegistration", "true")
	const flood = 500
	type outcome struct {
		code  int
		took  time.Duration
		retry string
	}
	outcomes := make(chan outcome, flood)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: flood}}
	defer client.CloseIdleConnections()
	begin := make(chan struct{})
	var running sync.WaitGroup
	for range flood {
		running.Go(func() {
			<-begin
			begun := time.Now()
			a, err := p.try(client, "accounts.login", "loginID", "a@example.com", "password", testPassword)
			if err != nil {
				outcomes <- outcome{code: -1}
				return
			}
			outcomes <- outcome{a.number("errorCode"), time.Since(begun), a.header.Get("Retry-After")}
		})
	}
	over := make(chan struct{})
	go func() { running.Wait(); close(over) }()
	close(begin)

	// Meanwhile others look around.
	peak, probes := 0, 0
	var slowest time.Duration
	for looking := true; looking; {
		select {
		case <-over:
			looking = false
		case <-time.After(10 * time.Millisecond):
		}
		peak = max(peak, residentKiB(p.Cmd.Process.Pid))
		begun := time.Now()
		if got := p.get("/healthz"); got != "ok\n" {
			t.Errorf("healthz: %q", got)
		}
		p.want(0, "accounts.getAccountInfo", "UID", "a")
		p.want(0, "accounts.getJWT", "targetUID", "a")
		slowest = max(slowest, time.Since(begun))
		probes++
	}
	close(outcomes)
	codes := map[int]int{}
	var refused []time.Duration
	for o := range outcomes {
		codes[o.code]++
		if o.code == 403048 {
			refused = append(refused, o.took)
			if o.retry == "" {
				t.Error("a refusal does not say when to come again")
			}
		}
	}
	if len(refused) == 0 {
		t.Fatalf("codes %v: nothing was shed", codes)
	}
	slices.Sort(refused)
	if codes[0] < 62 || codes[0]+codes[403048] != flood {
		t.Errorf("codes %v: want at least 62 logins and 403048 for the rest", codes)
	}
	if refused[len(refused)/2] > 2*time.Second {
		t.Errorf("half of the refusals took longer than %s", refused[len(refused)/2])
	}
	if slowest > 5*time.Second || probes < 3 {
		t.Errorf("%d rounds of reads, the slowest took %s", probes, slowest)
	}
	most := 200 << 10
	if racing { // The detector keeps what it has seen.
		most *= 2
	}
	if peak > most {
		t.Errorf("the process took %d MiB", peak>>10)
	}
	p.want(0, "accounts.login", "loginID", "a@example.com", "password", testPassword)
	t.Logf("codes %v; a refusal took %s in the middle; %d rounds of reads, the slowest %s; %d MiB at most",
		codes, refused[len(refused)/2].Round(time.Millisecond), probes, slowest.Round(time.Millisecond), peak>>10)
}
