// Package clock tells the time, so that a test can decide what time it is.
//
// Every room that needs the time takes a [Clock]; none calls time.Now itself. Instants that are stored or sent are
// [Millis]: whole milliseconds, the resolution of every timestamp of the wire protocol.
package clock

import (
	"sync"
	"time"
)

// A Clock tells the present time, in UTC.
type Clock interface {
	Now() time.Time
}

// System is the clock of the machine.
type System struct{}

// Now returns the machine's time.
func (System) Now() time.Time { return time.Now().UTC() }

// A Fake stands still until it is moved. The zero value stands at the Unix epoch. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a clock that stands at now.
func NewFake(now time.Time) *Fake { return &Fake{now: now.UTC()} }

// Now returns the time at which the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Set puts the clock to now.
func (f *Fake) Set(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = now.UTC()
}

// Advance moves the clock by d, backwards when d is negative.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// Millis is an instant: milliseconds since the Unix epoch. Zero means "never".
type Millis int64

// FromTime cuts t to whole milliseconds.
func FromTime(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the instant in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Unix returns the instant in whole seconds.
func (m Millis) Unix() int64 { return m.Time().Unix() }

// Add returns the instant that is d later.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// NeverISO is how the protocol writes the instant "never" (recorded as lastLogin of accounts that never logged in).
const NeverISO = "0001-01-01T00:00:00Z"

// AppendISO appends the protocol's text of the instant: UTC with exactly three decimals and a Z, or [NeverISO].
func (m Millis) AppendISO(dst []byte) []byte {
	if m == 0 {
		return append(dst, NeverISO...)
	}
	t := m.Time()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	}
	// By hand, because an account has half a dozen of these and a general layout takes ten times as long.
	hour, minute, second := t.Clock()
	dst = append(digits(digits(dst, year/100), year%100), '-')
	dst = append(digits(dst, int(month)), '-')
	dst = append(digits(dst, day), 'T')
	dst = append(digits(dst, hour), ':')
	dst = append(digits(dst, minute), ':')
	dst = append(digits(dst, second), '.')
	millis := t.Nanosecond() / int(time.Millisecond)
	return append(digits(append(dst, byte('0'+millis/100)), millis%100), 'Z')
}

// digits appends a number below 100 as two digits.
func digits(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// ISO returns what AppendISO appends.
func (m Millis) ISO() string { return string(m.AppendISO(nil)) }
