package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

const (
	// sliceRows is how many rows of the table one connection looks at before it takes the next ones: a few milliseconds.
	sliceRows = 2048
	// fewSlices are left to one connection.
	fewSlices = 4
	// mostHands bounds the connections of a pass, where nothing is said.
	mostHands = 8
	// aheadSlices bounds, for each connection, the slices that wait for one before them.
	aheadSlices = 4
	// alignTries bounds how often a crew that saw a commit between its first connection and its last begins anew.
	alignTries = 4
)

// crew are connections that look at the table together. Each has a read transaction of its own, and all of these see the same
// moment.
type crew struct {
	s *Store
	// conns are those that look; the first is that of the search.
	conns []*conn
	// last is the greatest row number.
	last int64
}

// head is the head of the index of the log; false where it is not seen, or changes at this moment.
func (k *accountCache) head() (walHead, bool) {
	if k == nil {
		return walHead{}, false
	}
	return k.index.read()
}

// gather brings together a crew around the connection of a search, whose transaction may be another one afterwards. Where no
// connection is free, or others commit all the time, it is that connection alone.
func (s *Store) gather(ctx context.Context, c *conn, p *plan, group string) (*crew, error) {
	k := &crew{s: s, conns: []*conn{c}, last: p.last}
	if err := k.join(ctx); err != nil {
		k.leave()
		return nil, err
	}
	for range alignTries {
		if len(k.conns) == 1 {
			return k, nil
		}
		aligned, err := k.align(group)
		if err != nil {
			k.leave()
			return nil, err
		}
		if aligned {
			return k, nil
		}
	}
	k.leave()
	return k, nil
}

// join takes the other connections, as many as are free.
func (k *crew) join(ctx context.Context) error {
	for range k.s.options.Hands - 1 {
		c, err := k.s.slicers.tryTake()
		if c == nil {
			return err
		}
		c.SetInterrupt(ctx.Done())
		k.conns = append(k.conns, c)
	}
	return nil
}

// align begins the transactions and looks for the last row. A reader sees what the head said when it began: if that was the
// same before the first of them and after the last, they see the same.
func (k *crew) align(group string) (bool, error) {
	before, whole := k.s.accounts.head()
	for _, c := range k.conns {
		if !c.AutocommitEnabled() {
			if _, err := exec(c.Conn, "ROLLBACK", noParameters); err != nil {
				return false, err
			}
		}
		if _, err := exec(c.Conn, "BEGIN", noParameters); err != nil {
			return false, err
		}
		// A transaction sees its moment from its first look on.
		if _, err := c.fields.current(c.Conn, group); err != nil {
			return false, err
		}
	}
	after, still := k.s.accounts.head()
	k.last = 0
	err := get(k.conns[0].Conn, sqlLastRow, noParameters, func(r *row) error { k.last = r.int(); return nil })
	if err != nil && err != store.ErrNotFound {
		return false, err
	}
	return whole && still && before == after, nil
}

// tryTake is take for who can do without: it returns nil where it would wait.
func (p *pool) tryTake() (*conn, error) {
	select {
	case p.places <- struct{}{}:
	default:
		return nil, nil
	}
	return p.taken()
}

// passing notes how many connections more, or less, look at slices.
func (s *Store) passing(more int) {
	if s.options.Passing == nil {
		return
	}
	s.slicing.Lock()
	defer s.slicing.Unlock()
	s.looking += more
	s.options.Passing(s.looking)
}

// leave gives back the connections but that of the search.
func (k *crew) leave() {
	for _, c := range k.conns[1:] {
		c.quiet()
		k.s.slicers.give(c)
	}
	k.conns = k.conns[:1]
}

// slice is what came of the rows of a part of the table.
type slice struct {
	n      int64
	count  int64
	values []query.Value
	err    error
	// panicked is what a function of the search panicked with.
	panicked any
}

// reader reads a row of the statement into the slice. Each connection has its own.
type reader func(r *row, into *slice) error

// pass runs a statement over all rows of the table, several slices of it at once, and calls each with what came of them, in the
// order of the table. The statement's text ends in its condition.
func (k *crew) pass(p *plan, text string, newReader func() reader, each func(s *slice) error) error {
	from, to := p.arg(int64(0)), p.arg(int64(0))
	text += " AND id > " + from + " AND id <= " + to
	w := &work{
		k: k, text: text,
		places: make(chan struct{}, aheadSlices*len(k.conns)),
		done:   make(chan *slice, aheadSlices*len(k.conns)),
		spare:  make(chan []query.Value, aheadSlices*len(k.conns)),
		stop:   make(chan struct{}),
	}
	k.s.passing(len(k.conns))
	defer k.s.passing(-len(k.conns))
	var running sync.WaitGroup
	shares := make([]plan, len(k.conns))
	for i, c := range k.conns {
		shares[i] = *p
		shares[i].args = append([]any(nil), p.args...)
		shares[i].looked = 0
		running.Go(func() { w.run(c, &shares[i], newReader()) })
	}
	go func() { running.Wait(); close(w.done) }()
	err := w.deliver(each)
	for i := range shares {
		p.looked += shares[i].looked
	}
	return err
}

// work is what the connections of a pass share.
type work struct {
	k    *crew
	text string
	next atomic.Int64
	// places holds one for each slice that was begun and not delivered.
	places chan struct{}
	done   chan *slice
	// spare are the values of slices that were delivered.
	spare chan []query.Value
	stop  chan struct{}
}

// run looks at slices until there are no more.
func (w *work) run(c *conn, p *plan, read reader) {
	before := c.search
	c.search = p
	defer func() { c.search = before }()
	for {
		select {
		case w.places <- struct{}{}:
		case <-w.stop:
			return
		}
		n := w.next.Add(1) - 1
		rows := w.k.s.sliceRows
		if n*rows >= w.k.last {
			return
		}
		s := &slice{n: n}
		select {
		case s.values = <-w.spare:
		default:
		}
		w.look(c, p, read, s)
		w.done <- s
		if s.err != nil || s.panicked != nil {
			return
		}
	}
}

func (w *work) look(c *conn, p *plan, read reader, s *slice) {
	// The one that called the search is told, in whose goroutine it would have been without others.
	defer func() { s.panicked = recover() }()
	rows := w.k.s.sliceRows
	p.args[len(p.args)-2], p.args[len(p.args)-1] = s.n*rows, (s.n+1)*rows
	if s.err = c.keep(w.text); s.err == nil {
		s.err = list(c.Conn, w.text, p.bind, func(r *row) error { return read(r, s) })
	}
}

// deliver hands over the slices in their order, until the first that failed, and waits for all connections.
func (w *work) deliver(each func(s *slice) error) (err error) {
	var panicked any
	over := false
	waiting := map[int64]*slice{}
	defer func() {
		if !over {
			close(w.stop)
		}
		for range w.done {
		}
		if panicked != nil {
			panic(panicked)
		}
	}()
	next := int64(0)
	for s := range w.done {
		waiting[s.n] = s
		for s := waiting[next]; s != nil; s = waiting[next] {
			delete(waiting, next)
			next++
			if panicked = s.panicked; panicked != nil {
				return fmt.Errorf("a function of the search panicked")
			}
			if s.err != nil {
				return s.err
			}
			if err := each(s); err != nil {
				return err
			}
			w.spare <- s.values[:0]
			<-w.places
		}
	}
	over = true
	return nil
}
