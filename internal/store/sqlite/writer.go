package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
)

const (
	// groupSize bounds the jobs of one transaction, and with it the time until the first is answered.
	groupSize = 256
	// queueSize bounds the jobs that wait. Further callers wait for a place, as long as their contexts let them.
	queueSize = 1024
)

// job is a function on its way through the writer.
type job struct {
	fn func(t *tx) error
	// ahead: its caller does not wait for the disk.
	ahead bool
	// begun is set by whoever comes first: the writer, who then runs the job, or its caller, who then gives it up.
	begun atomic.Bool
	// finished gets one value when err says how it went.
	err      error
	finished chan struct{}
}

// writer owns the connection that writes.
type writer struct {
	c        *conn
	config   *configMark
	accounts *accountCache
	jobs     chan *job
	ended    chan struct{}

	// What follows belongs to the goroutine.

	// fields are the indexes as the present transaction has them, or an earlier one had them that was committed.
	fields catalogue
	// audits are the ends of the chains of audit records that this process writes.
	audits *chains
	// rows are the numbers of the rows that the present transaction inserts.
	rows rowNumbers

	// group holds the jobs of the present transaction, of which running is the one whose function runs.
	group   []*job
	running *job
	// entries is where the entries of the cache are put together that the present transaction makes.
	entries []byte
	// ahead: the engine does not wait for the disk.
	ahead bool
	// careful: each function of the group has a savepoint of its own.
	careful bool
}

func newWriter(c *conn, config *configMark, accounts *accountCache) *writer {
	w := &writer{c: c, config: config, accounts: accounts, audits: newChains(), jobs: make(chan *job, queueSize), ended: make(chan struct{})}
	go w.run()
	return w
}

// do hands the job to the writer and waits for its end. A job that has not begun when ctx ends is dropped; one that has
// is waited for, because only its end tells whether it happened.
func (w *writer) do(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j.finished = make(chan struct{}, 1)
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-j.finished:
	case <-ctx.Done():
		if j.begun.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-j.finished
	}
	return j.err
}

// close ends the writer; nobody may call do any more.
func (w *writer) close() error {
	close(w.jobs)
	<-w.ended
	return w.c.Close()
}

// run is the goroutine: it takes jobs and runs them until the queue is closed.
func (w *writer) run() {
	over := false
	defer func() {
		if over {
			close(w.ended)
			return
		}
		// A function has ended the goroutine (runtime.Goexit, as FailNow of package testing does). That must not end the
		// store: another goroutine runs the rest of the group again.
		w.rollback()
		w.drop(w.running, errors.New("the function of a change ended its goroutine"))
		go w.run()
	}()
	for len(w.group) > 0 || w.take() {
		w.transact()
	}
	over = true
}

// take waits for a job, and puts it in the group with those that wait already. It returns false when the queue is closed.
//
// Before it looks who else waits it lets the goroutines run that can, because many of them are about to bring a job: the
// first would make a group of its own otherwise and keep all others waiting for its commit. Who is alone waits for nobody.
func (w *writer) take() bool {
	for len(w.group) == 0 {
		j, open := <-w.jobs
		if !open {
			return false
		}
		w.add(j)
	}
	runtime.Gosched()
	for len(w.group) < groupSize {
		select {
		case j, open := <-w.jobs:
			if !open {
				return true
			}
			w.add(j)
		default:
			return true
		}
	}
	return true
}

// add puts a job in the group, unless its caller has given it up.
func (w *writer) add(j *job) {
	if j.begun.CompareAndSwap(false, true) {
		w.group = append(w.group, j)
	}
}

// drop answers one job of the group and leaves the others to the next transaction.
func (w *writer) drop(j *job, err error) {
	w.group = slices.DeleteFunc(w.group, func(other *job) bool { return other == j })
	j.err = err
	j.finished <- struct{}{}
}

// transact runs the group in one transaction and answers its jobs. When the transaction is lost on the way, it answers
// only the job that it was lost at: the others remain in the group, to be run again. Savepoints cost as much as small
// changes do, so the group runs without them until one has written something and fails; then all is run again with them.
func (w *writer) transact() {
	careful := w.careful
	w.careful = false
	err := w.begin()
	if err == nil {
		var sum tx
		alone := len(w.group) == 1
		for _, j := range w.group {
			t := w.newTx()
			if careful || alone {
				j.err = w.isolated(t, j, alone)
			} else {
				j.err = w.guarded(t, j)
			}
			if w.c.AutocommitEnabled() {
				w.fields.forget()
				w.drop(j, lost(j.err))
				return
			}
			if j.err != nil && t.wrote && !careful {
				w.careful = true
				return
			}
			if j.err != nil {
				t.touched.forget()
				t.grown = nil
			}
			sum.add(t)
		}
		if err = w.commit(&sum); err != nil {
			w.fields.forget()
			w.rollback()
		}
	}
	for _, j := range w.group {
		// If there is no commit, what failed by itself has failed all the same.
		if err != nil && j.err == nil {
			j.err = err
		}
		j.finished <- struct{}{}
	}
	w.group = w.group[:0]
}

// newTx is what the next function of the group sees of the transaction.
func (w *writer) newTx() *tx {
	t := &tx{c: w.c.Conn, fields: &w.fields, audits: w.audits, rows: &w.rows}
	if w.accounts != nil {
		t.entries = &w.entries
	}
	return t
}

// entriesSize bounds the memory for the cache's entries that is kept from one transaction to the next.
const entriesSize = 1 << 20

// begin takes the write lock.
func (w *writer) begin() error {
	w.rollback()
	if w.entries = w.entries[:0]; cap(w.entries) > entriesSize {
		w.entries = nil
	}
	w.audits.begin()
	w.fields.settled = false
	w.rows = rowNumbers{}
	if err := w.chooseSync(); err != nil {
		return err
	}
	return w.exec("BEGIN IMMEDIATE")
}

// isolated runs one function. If it fails, nothing that it did remains in the transaction. A function that is alone
// takes the transaction with it; with others, it has a savepoint to go back to.
func (w *writer) isolated(t *tx, j *job, alone bool) error {
	if alone {
		err := w.guarded(t, j)
		if err != nil {
			w.rollback()
		}
		return err
	}
	if err := w.exec("SAVEPOINT one"); err != nil {
		return err
	}
	mark := w.audits.mark()
	err := w.guarded(t, j)
	if w.c.AutocommitEnabled() {
		return err
	}
	if err != nil {
		w.fields.forget()
		w.audits.back(mark)
		if undo := w.exec("ROLLBACK TO one"); undo != nil {
			w.rollback()
			return err
		}
	}
	if release := w.exec("RELEASE one"); release != nil {
		w.rollback()
		return release
	}
	return err
}

// guarded runs the function, a panic of which becomes its error.
func (w *writer) guarded(t *tx, j *job) (err error) {
	w.running = j
	defer t.end()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a change: %v\n%s", p, debug.Stack())
		}
	}()
	if err := j.fn(t); err != nil || w.c.AutocommitEnabled() {
		return err
	}
	return t.endPromise(w.c.Conn)
}

// commit commits, with the sizes of the groups. A change of the configuration is announced to those who keep it in memory, in this process and in others, and
// the accounts that are changed to who keeps them.
func (w *writer) commit(sum *tx) error {
	if sum.configured {
		if err := w.config.begin(); err != nil {
			return fmt.Errorf("announce a change of the configuration: %w", err)
		}
		defer w.config.end()
	}
	err := w.accounts.commit(&sum.touched, func() error {
		if err := resizeGroups(w.c.Conn, sum.grown); err != nil {
			return err
		}
		return w.exec("COMMIT")
	})
	w.audits.end(err)
	return err
}

// rollback ends the transaction, if one is open. An error leaves it open: the next begin tries again, and its group is
// told if that fails too.
func (w *writer) rollback() {
	if !w.c.AutocommitEnabled() {
		w.fields.forget()
		_ = w.exec("ROLLBACK")
	}
}

func (w *writer) exec(query string) error {
	_, err := exec(w.c.Conn, query, noParameters)
	return err
}

// lost is the error of a job at which the transaction was lost: its own, or that of an engine that gave up (disk full,
// I/O error) while the function looked away.
func lost(err error) error {
	if err == nil {
		return errors.New("the database gave up the transaction")
	}
	return err
}
