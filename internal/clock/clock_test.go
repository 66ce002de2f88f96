package clock_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
)

func TestAnInstantIsWrittenAsTheProtocolWritesIt(t *testing.T) {
	for m, want := range map[clock.Millis]string{
		0:               "0001-01-01T00:00:00Z",
		1:               "1970-01-01T00:00:00.001Z",
		-1:              "1969-12-31T23:59:59.999Z",
		1388534400000:   "2014-01-01T00:00:00.000Z",
		1709164799999:   "2024-02-28T23:59:59.999Z",
		1709164800000:   "2024-02-29T00:00:00.000Z",
		-62135596799999: "0001-01-01T00:00:00.001Z",
		253402300799999: "9999-12-31T23:59:59.999Z",
		253402300800000: "10000-01-01T00:00:00.000Z",
	} {
		if got := m.ISO(); got != want {
			t.Errorf("%d: %s, want %s", m, got, want)
		}
	}
}

func TestAnyInstantIsWrittenAsTheLibraryWritesIt(t *testing.T) {
	for range 10_000 {
		m := clock.Millis(rand.Int64N(8e14) - 2e14)
		if got, want := m.ISO(), m.Time().Format("2006-01-02T15:04:05.000Z"); got != want && m != 0 {
			t.Fatalf("%d: %s, want %s", m, got, want)
		}
	}
}

func TestAFakeStandsStillUntilItIsMoved(t *testing.T) {
	f := clock.NewFake(time.UnixMilli(1000))
	f.Advance(-time.Second)
	if got := clock.FromTime(f.Now()); got != 0 {
		t.Errorf("%d", got)
	}
	f.Set(time.UnixMilli(5))
	if got := clock.FromTime(f.Now()); got != 5 {
		t.Errorf("%d", got)
	}
}
