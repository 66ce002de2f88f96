package gateway

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func TestALimiterAllowsTheBurstAndThenTheRate(t *testing.T) {
	l := newLimiter[string](Rate{Limit: 1, Burst: 2})
	now := time.Unix(1e9, 0)
	for i, want := range []bool{true, true, false} {
		if got := l.allow("a", now); got != want {
			t.Errorf("call %d: got %v", i, got)
		}
	}
	if !l.allow("b", now) {
		t.Error("another key was refused")
	}
	if !l.allow("a", now.Add(time.Second)) {
		t.Error("refused a second later")
	}
}

func TestALimiterOfNoRateAllowsEverything(t *testing.T) {
	if !newLimiter[string](Rate{}).allow("a", time.Now()) {
		t.Error("refused")
	}
}

func TestALimiterRemembersABoundedNumberOfKeys(t *testing.T) {
	l := newLimiter[string](Rate{Limit: 1, Burst: 1})
	now := time.Unix(1e9, 0)
	for i := range 4 * limiterShards * limiterEntries {
		l.allow(strconv.Itoa(i), now)
	}
	n := 0
	for i := range l.shards {
		n += len(l.shards[i].young) + len(l.shards[i].old)
	}
	if n > 2*limiterShards*limiterEntries {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestAnIPv6NetworkCountsAsOneAddress(t *testing.T) {
	for given, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"203.0.113.5":          "203.0.113.5",
	} {
		if got := network(netip.MustParseAddr(given)).String(); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
	if network(netip.Addr{}).IsValid() {
		t.Error("no address became one")
	}
}
