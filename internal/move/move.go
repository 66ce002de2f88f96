// Package move makes one store hold exactly what another one holds: how an installation changes its engine.
//
// There is one operation, the pass. It walks over both stores in the order of their records' places, compares each record whole, and
// makes the destination equal: what is missing is stored, what differs is replaced, what the source no longer has is removed. Into an
// empty destination that is the first copy; after an interruption it is the resumption; after changes of the source it is catching
// up; and a pass that finds nothing to do has verified that both hold the same, record by record.
//
// So the first pass may run while the source serves, and only the last ones, by [Copy.Finish], need it to be at rest: they are
// repeated until one finds nothing to do, and count only if nobody changed the source meanwhile. Until then the destination is marked
// as unfinished, and no server opens it.
//
// Why a pass may read the destination while it writes to it: it reads ahead, page by page, always behind the last record of the page
// before, and writes only up to the record that it compares, which is within that page or before it.
package move

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// Errors of [Copy.Finish].
var (
	// ErrDisturbed: the source was changed while it was read for the last time.
	ErrDisturbed = errors.New("the source was changed while it was read: stop every server on it, then run this again")
	// ErrDifferent: the destination does not keep what is stored in it.
	ErrDifferent = errors.New("the destination differs from the source after it was made equal: something else writes to it, or it is damaged")
)

// lastPasses is how many passes Finish makes at most: one that stores, and one that verifies.
const lastPasses = 2

// Copy is a copy of one store into another.
type Copy struct {
	From, To store.Mover
	// Rand names the run; nil: the machine's.
	Rand io.Reader
	// Progress is told, after every few hundred records, how many of the source were compared and of which kind the last was; nil: nobody
	// is told.
	Progress func(kind store.RecordKind, records int64)
}

// Tally counts what became of the records of one kind. Audit records are counted one by one.
type Tally struct {
	// Source and Destination are how many there were to read.
	Source, Destination int64
	// Stored, Replaced and Removed are what was done to the destination.
	Stored, Replaced, Removed int64
	// Fitted counts records of the source in which a text that is only shown was changed to what the destination can keep.
	Fitted int64
}

// Result is what a pass has done.
type Result struct {
	Kinds map[store.RecordKind]*Tally
	// SourceDigest and DestinationDigest are SHA-256 over all records, in their order, as they were read.
	SourceDigest, DestinationDigest string
	// Passes is how many there were; the digests are those of the last, the counts of changes those of all.
	Passes int
	Took   time.Duration
}

// Changes is how many records were stored, replaced or removed.
func (r *Result) Changes() (n int64) {
	for _, t := range r.Kinds {
		n += t.Stored + t.Replaced + t.Removed
	}
	return n
}

// Records is how many there were in the source.
func (r *Result) Records() (n int64) {
	for _, t := range r.Kinds {
		n += t.Source
	}
	return n
}

// Pass makes the destination equal to the source as it was at one moment. The destination remains marked as unfinished. It fails with
// [store.ErrNotEmpty] or [store.ErrFinished] where the destination holds something else.
func (c *Copy) Pass(ctx context.Context) (*Result, error) {
	run, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	r, err := c.pass(ctx, run)
	if err != nil {
		return nil, err
	}
	r.Passes, r.Took = 1, time.Since(start)
	return r, nil
}

// Finish makes the destination equal to a source that nobody changes any more, checks that it is, and takes the mark away.
func (c *Copy) Finish(ctx context.Context) (*Result, error) {
	run, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	var before []*Result
	for range lastPasses {
		var r *Result
		still, err := c.From.Undisturbed(ctx, func() (err error) {
			r, err = c.pass(ctx, run)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case !still:
			return nil, ErrDisturbed
		case r.Changes() > 0:
			before = append(before, r)
			continue
		case r.SourceDigest != r.DestinationDigest:
			return nil, ErrDifferent
		}
		if err := c.To.FinishCopy(ctx, run); err != nil {
			return nil, fmt.Errorf("declare the copy complete: %w", err)
		}
		r.add(before)
		r.Passes, r.Took = len(before)+1, time.Since(start)
		return r, nil
	}
	return nil, ErrDifferent
}

// add adds what earlier passes have done.
func (r *Result) add(before []*Result) {
	for _, b := range before {
		for kind, t := range b.Kinds {
			sum := r.Kinds[kind]
			sum.Stored += t.Stored
			sum.Replaced += t.Replaced
			sum.Removed += t.Removed
		}
	}
}

// begin marks the destination, under a new number of the run.
func (c *Copy) begin(ctx context.Context) (run int64, err error) {
	random := c.Rand
	if random == nil {
		random = rand.Reader
	}
	var number [8]byte
	if _, err := io.ReadFull(random, number[:]); err != nil {
		return 0, fmt.Errorf("name the copy: %w", err)
	}
	run = int64(binary.BigEndian.Uint64(number[:])>>1 | 1)
	origin, err := c.From.Origin(ctx)
	if err != nil {
		return 0, fmt.Errorf("the source: %w", err)
	}
	if err := c.To.BeginCopy(ctx, origin, run); err != nil {
		return 0, fmt.Errorf("begin the copy: %w", err)
	}
	return run, nil
}
