package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/doorward/doorward/internal/clock"
)

// Audit is one record of the audit log.
type Audit struct {
	Time   clock.Millis
	CallID string
	// APIKey is whose log the record is in: that of a site, or [OwnerOfPartner] of the partner for a call about no site.
	APIKey string
	// Partner is the owner of the site or of the key: records are kept as long as it wants.
	Partner int64
	// Method is the canonical name.
	Method    string
	ErrorCode int
	// UserKey is the key that authorised the call, or was claimed to.
	UserKey string
	UID     string
	// Record is the whole entry, a JSON object in the form of audit.search's results.
	Record json.RawMessage
	// Link is the record's place in a chain. [Tx.AppendAudit] gives it; what the caller put there has no effect.
	Link AuditLink
}

// AuditLink is the place of a record in the chain of who wrote it. Each process that writes has chains of its own, so that
// no writer waits for another: the records of a chain belong to one partner, are numbered from 1 without a gap, and each
// holds the MAC of the one before.
type AuditLink struct {
	// Chain names the chain; empty: the record was written before there were chains.
	Chain  string
	Number int64
	// Prev is the MAC of the record before, zero for the first; MAC is [AuditMAC] of this one.
	Prev, MAC Hash
}

// AuditChain is what the store knows of a chain beside its records. It is signed, because it says of records that are not
// there that there were such.
type AuditChain struct {
	Name    string
	Partner int64
	// Opened is the time of the first record.
	Opened clock.Millis
	// Removed is the number of the last record that was removed because its time was over, RemovedMAC its MAC; 0: none was.
	Removed    int64
	RemovedMAC Hash
	// Head is the number of the last record when the chain was last looked at, HeadMAC its MAC; 0: it never was. The chain may
	// have gone on since.
	Head    int64
	HeadMAC Hash
	// Ended: the time of all records is over, and no other will come. The chain stays: only by it those who kept a [Head] of it
	// elsewhere can tell that its records are gone because their time was over.
	Ended bool
	// Seal is [AuditChain.MAC]. It is zero for a chain that is known by its records alone, which an honest writer does not leave.
	Seal Hash
}

// AuditReader is the audit log. It is part of [Store].
type AuditReader interface {
	// SealAudits sets the key of the chains that are written from now on. Chains of another key are not continued.
	SealAudits(ctx context.Context, key []byte) error
	// CheckpointAudits notes how far the chains of this process have come, so that records which are taken off their ends
	// later are missed.
	CheckpointAudits(ctx context.Context) error

	// Audits calls each for the records that q asks for, in its order.
	Audits(ctx context.Context, q AuditQuery, each func(a *Audit, serial string) error) error
	// CountAudits tells how many records q asks for, whatever its Start and Limit.
	CountAudits(ctx context.Context, q AuditQuery) (int64, error)
	// ExplainAudits returns the engine's words for how Audits finds the records.
	ExplainAudits(ctx context.Context, q AuditQuery) ([]string, error)
	// AuditLogs lists whose logs there are (Audit.APIKey), ascending by bytes.
	AuditLogs(ctx context.Context) ([]string, error)

	// AuditChains lists the chains by name: those that the store knows of, and those that records name.
	AuditChains(ctx context.Context) ([]*AuditChain, error)
	// ChainAudits calls each for the records of a chain behind the number, ascending by number, at most limit. The chain "" is
	// the records without one, whose number is 0 and whose order is any.
	ChainAudits(ctx context.Context, chain string, after int64, limit int, each func(*Audit) error) error
}

// AuditQuery says which records are asked for: those of one log that have all of what is set.
type AuditQuery struct {
	// Log is [Audit.APIKey].
	Log string
	// UID, UserKey and Method are exact, but for the letter case of Method; empty: any.
	UID, UserKey, Method string
	// From is the least time, Until the greatest; Until 0: there is none.
	From, Until clock.Millis
	// Newest asks for the newest first; otherwise the oldest are. Serials decide between records of one millisecond, in the same
	// direction.
	Newest bool
	// Start is where to begin: at this record, which is handed over, or behind it if it is gone. The zero AuditPlace is the beginning.
	Start AuditPlace
	// Limit bounds the number of records; 0 gives none.
	Limit int
}

// AuditPlace is the place of a record in its log.
type AuditPlace struct {
	Time clock.Millis
	// Serial orders records of one millisecond by its bytes. Its form is the driver's.
	Serial string
}

// AuditMAC is the MAC of the record with its place in the chain, but for the MAC in it.
func AuditMAC(key []byte, a *Audit) Hash {
	c := make(content, 0, len(a.Record)+512)
	c = a.appendContent(add(c, a.Link.Chain).int(a.Link.Number))
	return mac(key, add(c, a.Link.Prev[:]))
}

// MAC is what the chain's Seal must be.
func (c *AuditChain) MAC(key []byte) Hash {
	return mac(key, c.appendMeaning(add(content(nil), "chain")))
}

// Signed tells whether the Seal is that of the key.
func (c *AuditChain) Signed(key []byte) bool {
	want := c.MAC(key)
	return hmac.Equal(want[:], c.Seal[:])
}

func mac(key []byte, text []byte) (sum Hash) {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	h.Sum(sum[:0])
	return sum
}

// laneLife is how long a lane takes records for its chain: chains end, so that those whose records were all removed can be
// told from those that still grow.
const laneLife = 24 * time.Hour

// chainRest is how long after its opening a chain surely gets no further record.
const chainRest = 2 * laneLife

// AuditLane is the end of a chain, in the hands of its writer. It is for drivers: one transaction at a time takes the lane,
// and keeps what [AuditLane.Next] returns if, and only if, the transaction has happened. What never was committed has used
// no number.
type AuditLane struct {
	chain  AuditChain
	number int64
	last   Hash
}

// AuditLaneName is the name of the n-th chain of a writer that drew the number.
func AuditLaneName(writer [8]byte, n int64) string {
	const digits = "0123456789abcdef"
	name := make([]byte, 0, 2*len(writer)+8)
	for _, b := range writer {
		name = append(name, digits[b>>4], digits[b&15])
	}
	return string(strconv.AppendInt(append(name, '-'), n, 10))
}

// NewAuditLane opens a chain whose first record is a. The chain is to be stored in the transaction of that record.
func NewAuditLane(key []byte, name string, a *Audit) (AuditLane, *AuditChain) {
	l := AuditLane{chain: AuditChain{Name: name, Partner: a.Partner, Opened: a.Time}}
	l.chain.Seal = l.chain.MAC(key)
	chain := l.chain
	return l, &chain
}

// Over tells whether the lane is too old for a record of the time.
func (l *AuditLane) Over(at clock.Millis) bool { return at >= l.chain.Opened.Add(laneLife) }

// Next returns a copy of the record with its place in the chain, and the lane behind it.
func (l AuditLane) Next(key []byte, a *Audit) (AuditLane, *Audit) {
	linked := *a
	l.number++
	linked.Link = AuditLink{Chain: l.chain.Name, Number: l.number, Prev: l.last}
	linked.Link.MAC = AuditMAC(key, &linked)
	l.last = linked.Link.MAC
	return l, &linked
}

// Ahead tells whether the chain has gone on since it was last looked at.
func (l *AuditLane) Ahead() bool { return l.number > l.chain.Head }

// Name is the name of the lane's chain.
func (l *AuditLane) Name() string { return l.chain.Name }

// Checkpoint notes the end of the lane in the stored chain c. It returns false, and changes nothing, for a chain that was altered:
// what is signed anew would look right.
func (l AuditLane) Checkpoint(key []byte, c *AuditChain) (AuditLane, bool) {
	if !c.Signed(key) {
		return l, false
	}
	if l.number > c.Head {
		c.Head, c.HeadMAC = l.number, l.last
		c.Seal = c.MAC(key)
	}
	l.chain.Head = c.Head
	return l, true
}

// AuditSweep is retention's look at the beginning of one chain. It is for drivers, within a transaction: they hand over the first
// records behind [AuditSweep.After] to Look, and do what End says.
//
// Of a chain that is signed the note says which records are gone, so it vouches for them: that their time is over must be what their
// writer wrote. A chain that is not signed by the key, because it is of another key or was altered, loses its records all the same,
// because nobody's data are kept for ever for want of a check. Nothing is noted for it then: it stays one that cannot be checked.
type AuditSweep struct {
	key    []byte
	chain  *AuditChain
	before clock.Millis
	// signed: the chain is of the key. rested: it was opened so long ago that the time of all its records is over.
	signed, rested bool
	// found: there was a record; ended: one of them is to be kept.
	found, ended bool
	last         *AuditLink
}

// NewAuditSweep begins the look for records from before the time.
func NewAuditSweep(key []byte, chain *AuditChain, before clock.Millis) *AuditSweep {
	return &AuditSweep{key: key, chain: chain, before: before, signed: chain.Signed(key), rested: chain.Opened.Add(chainRest) < before}
}

// After is the number behind which to begin.
func (s *AuditSweep) After() int64 {
	if s.signed {
		return s.chain.Removed
	}
	return math.MinInt64
}

// Look takes the next record, ascending by number.
func (s *AuditSweep) Look(a *Audit) {
	s.found = true
	if s.ended = s.ended || a.Time >= s.before && !s.rested; s.ended {
		return
	}
	if s.rested || !s.signed || AuditMAC(s.key, a) == a.Link.MAC {
		link := a.Link
		s.last = &link
	}
}

// End tells up to which number records are to be removed, if any, and whether the chain was changed and is to be stored.
func (s *AuditSweep) End() (until int64, remove, changed bool) {
	c := s.chain
	switch {
	case s.last != nil && s.signed:
		c.Removed, c.RemovedMAC = s.last.Number, s.last.MAC
		if c.Head < c.Removed {
			c.Head, c.HeadMAC = c.Removed, c.RemovedMAC
		}
		changed = true
	case s.last == nil && !s.found && s.rested && !c.Ended:
		c.Ended, changed = true, true
	}
	if changed && s.signed {
		c.Seal = c.MAC(s.key)
	}
	if s.last != nil {
		until, remove = s.last.Number, true
	}
	return until, remove, changed
}
