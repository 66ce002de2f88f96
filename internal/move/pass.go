package move

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/doorward/doorward/internal/store"
)

// Bounds of what is in memory: of a page that is read ahead, and of the edits of one transaction. A single record may be larger.
const (
	pageRecords = 1000
	pageBytes   = 4 << 20
	editRecords = 500
	editBytes   = 2 << 20
	// tellEvery is after how many records the progress is told.
	tellEvery = 256
)

// item is a record and everything that it holds, as one text.
type item struct {
	record  store.Record
	place   store.Place
	content []byte
}

// itemOf writes the content to buffer.
func itemOf(r store.Record, buffer []byte) item {
	return item{r, r.Place(), store.AppendRecord(buffer, r)}
}

// digest sums up records.
type digest struct{ h hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(i item) {
	var head [9]byte
	head[0] = byte(i.place.Kind)
	binary.BigEndian.PutUint64(head[1:], uint64(len(i.content)))
	d.h.Write(head[:])
	d.h.Write(i.content)
}

func (d digest) String() string { return hex.EncodeToString(d.h.Sum(nil)) }

// count is how many records it stands for.
func (i item) count() int64 {
	if m, ok := i.record.(*store.Moment); ok {
		return int64(len(m.Audits))
	}
	return 1
}

// pass is one under way.
type pass struct {
	*Copy
	result   *Result
	from     digest
	ahead    *pages
	loader   *loader
	last     store.Place
	compared int64
	// buffer is where the content of the present record of the source is.
	buffer []byte
}

func (c *Copy) pass(ctx context.Context, run int64) (r *Result, err error) {
	// What runs beside ends with the pass.
	ctx, cancel := context.WithCancel(ctx)
	p := &pass{
		Copy: c, result: &Result{Kinds: map[store.RecordKind]*Tally{}}, from: newDigest(),
		ahead:  readAhead(ctx, c.To),
		loader: &loader{ctx: ctx, to: c.To, run: run},
	}
	defer func() {
		cancel()
		p.ahead.wait()
		if waitErr := p.loader.wait(); err == nil && waitErr != nil {
			r, err = nil, waitErr
		}
	}()
	for _, kind := range store.RecordKinds() {
		p.result.Kinds[kind] = &Tally{}
	}
	if err := c.From.Dump(ctx, store.Place{}, p.meet); err != nil {
		return nil, err
	}
	// It is the last of every store: whatever else the destination had is compared by now.
	if p.last.Kind != store.VersionRecord {
		return nil, errors.New("the source has no version of its configuration: it is damaged")
	}
	if err := p.loader.flush(); err != nil {
		return nil, err
	}
	if err := p.loader.wait(); err != nil {
		return nil, err
	}
	p.result.SourceDigest, p.result.DestinationDigest = p.from.String(), p.ahead.digest.String()
	return p.result, nil
}

// meet compares a record of the source with what the destination has in its place.
func (p *pass) meet(r store.Record) error {
	fitted := p.To.Fit(r)
	source := itemOf(r, p.buffer[:0])
	p.buffer = source.content
	if source.place.Compare(p.last) <= 0 {
		return fmt.Errorf("%s %q: the destination cannot keep its name", source.place.Kind, source.place.Texts)
	}
	p.last = source.place
	tally := p.result.Kinds[source.place.Kind]
	tally.Source += source.count()
	if fitted {
		tally.Fitted++
	}
	p.from.add(source)
	if err := p.removeBefore(source.place); err != nil {
		return err
	}
	head, err := p.ahead.head()
	if err != nil {
		return err
	}
	switch {
	case head == nil || head.place != source.place:
		tally.Stored += source.count()
		err = p.loader.add(store.Edit{New: r}, len(source.content))
	case string(head.content) != string(source.content):
		tally.Replaced += source.count()
		err = p.loader.add(store.Edit{Old: head.record, New: r}, len(head.content)+len(source.content))
		p.leave(head)
	default:
		p.leave(head)
	}
	if p.compared++; p.compared%tellEvery == 0 && p.Progress != nil {
		p.Progress(source.place.Kind, p.result.Records())
	}
	return err
}

// leave leaves the head of the destination behind.
func (p *pass) leave(head *item) {
	p.result.Kinds[head.place.Kind].Destination += head.count()
	p.ahead.next()
}

// removeBefore removes what the destination has before the place.
func (p *pass) removeBefore(place store.Place) error {
	for {
		head, err := p.ahead.head()
		if err != nil || head == nil || head.place.Compare(place) >= 0 {
			return err
		}
		p.result.Kinds[head.place.Kind].Removed += head.count()
		err = p.loader.add(store.Edit{Old: head.record}, len(head.content))
		p.leave(head)
		if err != nil {
			return err
		}
	}
}

// loader hands edits to the destination, a transaction at a time, while the next ones are collected.
type loader struct {
	ctx   context.Context
	to    store.Mover
	run   int64
	edits []store.Edit
	bytes int
	// under gets the error of the transaction that is under way; nil: there is none.
	under chan error
}

func (l *loader) add(e store.Edit, size int) error {
	l.edits = append(l.edits, e)
	if l.bytes += size; len(l.edits) < editRecords && l.bytes < editBytes {
		return nil
	}
	return l.flush()
}

func (l *loader) flush() error {
	if err := l.wait(); err != nil || len(l.edits) == 0 {
		return err
	}
	edits := l.edits
	l.edits, l.bytes = nil, 0
	under := make(chan error, 1)
	l.under = under
	go func() { under <- l.to.Load(l.ctx, l.run, edits) }()
	return nil
}

// wait waits for the transaction that is under way.
func (l *loader) wait() error {
	if l.under == nil {
		return nil
	}
	err := <-l.under
	l.under = nil
	if err != nil {
		return fmt.Errorf("the destination: %w", err)
	}
	return nil
}

// pages reads a store page by page, one page ahead.
type pages struct {
	page []item
	// coming gets the next page; nil: there is none.
	coming chan result
	fetch  func(after store.Place) result
	// digest sums up all that was read. It is complete when there is no further page.
	digest digest
}

type result struct {
	page []item
	end  bool
	err  error
}

var errPage = errors.New("the page is full")

func readAhead(ctx context.Context, m store.Mover) *pages {
	sum := newDigest()
	p := &pages{digest: sum, fetch: func(after store.Place) result {
		var page []item
		bytes, size := 0, 0
		err := m.Dump(ctx, after, func(r store.Record) error {
			// Most are about as large as the one before.
			i := itemOf(r, make([]byte, 0, size+size/8))
			size = len(i.content)
			sum.add(i)
			page = append(page, i)
			if bytes += len(i.content); len(page) == pageRecords || bytes >= pageBytes {
				return errPage
			}
			return nil
		})
		if err == errPage {
			return result{page: page}
		}
		return result{page, true, err}
	}}
	p.start(store.Place{})
	return p
}

func (p *pages) start(after store.Place) {
	coming := make(chan result, 1)
	p.coming = coming
	go func() { coming <- p.fetch(after) }()
}

// head returns the next record; nil: there is none.
func (p *pages) head() (*item, error) {
	if len(p.page) == 0 && p.coming != nil {
		r := <-p.coming
		p.coming = nil
		if r.err != nil {
			return nil, fmt.Errorf("the destination: %w", r.err)
		}
		p.page = r.page
		if !r.end {
			p.start(p.page[len(p.page)-1].place)
		}
	}
	if len(p.page) == 0 {
		return nil, nil
	}
	return &p.page[0], nil
}

func (p *pages) next() { p.page = p.page[1:] }

// wait waits for the page that is being read.
func (p *pages) wait() {
	if p.coming != nil {
		<-p.coming
		p.coming = nil
	}
}
