package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// Bounds of a Writer.
const (
	// FlushInterval is the longest time that a record of a read waits for company.
	FlushInterval = 100 * time.Millisecond
	// queueLength is the number of records that may wait; who brings one more waits with it.
	queueLength = 1024
	// CheckpointInterval is how often the ends of the chains are noted: records that were taken off them later are missed.
	CheckpointInterval = time.Minute
	// batchLength is the number of records that one transaction takes.
	batchLength = 256
)

// ErrClosed: the writer was closed.
var ErrClosed = errors.New("audit writer is closed")

// Changer is what the writer needs of the store.
type Changer interface {
	Change(ctx context.Context, fn func(tx store.Tx) error) error
	CheckpointAudits(ctx context.Context) error
}

// Writer takes records to the store in batches, each one transaction. It is safe for concurrent use.
type Writer struct {
	store Changer
	log   *slog.Logger
	queue chan entry
	done  chan struct{}

	mu     sync.RWMutex // Held for reading while something is put into the queue.
	closed bool
}

// entry is a record on its way. written, of room for one, is told the outcome; nil: nobody waits.
type entry struct {
	record  *store.Audit
	written chan error
}

// NewWriter starts a writer; Close ends it. The log hears of records of reads that could not be written.
func NewWriter(s Changer, log *slog.Logger) *Writer {
	w := &Writer{store: s, log: log, queue: make(chan entry, queueLength), done: make(chan struct{})}
	go w.run()
	go w.checkpoints()
	return w
}

// Append writes a record. With durable it returns when the record survives a crash, or with the reason why it does not;
// several that wait at once share a transaction. Without, it returns as soon as the queue takes the record, which is
// written within [FlushInterval]; a full queue makes it wait. It returns [ErrClosed] after Close.
func (w *Writer) Append(ctx context.Context, record *store.Audit, durable bool) error {
	e := entry{record: record}
	if durable {
		e.written = make(chan error, 1)
	}
	if err := w.put(ctx, e); err != nil || !durable {
		return err
	}
	select {
	case err := <-e.written:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the audit record: %w", ctx.Err())
	}
}

func (w *Writer) put(ctx context.Context, e entry) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- e:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for room in the audit queue: %w", ctx.Err())
	}
}

// Close writes what waits and ends the writer. It returns early, with the context's error, when that takes too long;
// the writing goes on meanwhile.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("closing the audit writer: %w", ctx.Err())
	}
}

// run collects batches and writes them. A batch is written when somebody waits for one of its records, when it is full,
// or when its first record has waited long enough.
func (w *Writer) run() {
	defer close(w.done)
	for first := range w.queue {
		batch := w.collect(first)
		w.write(batch)
	}
	w.checkpoint()
}

// checkpoints notes the ends of the chains from time to time, until the writer ends.
func (w *Writer) checkpoints() {
	tick := time.NewTicker(CheckpointInterval)
	defer tick.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-tick.C:
			w.checkpoint()
		}
	}
}

// checkpoint notes the ends of the chains. What cannot be noted now is noted the next time.
func (w *Writer) checkpoint() {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("panic while the ends of the audit chains were noted", "panic", p)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.store.CheckpointAudits(ctx); err != nil {
		w.log.Warn("the ends of the audit chains were not noted; it is tried again", "error", err)
	}
}

// patience bounds the wait for a store that does not answer.
const patience = 30 * time.Second

func (w *Writer) collect(first entry) []entry {
	batch := append(make([]entry, 0, batchLength), first)
	timer := time.NewTimer(FlushInterval)
	defer timer.Stop()
	urgent := first.written != nil
	for len(batch) < batchLength {
		if urgent {
			select {
			case e, ok := <-w.queue:
				if !ok {
					return batch
				}
				batch = append(batch, e)
			default:
				return batch
			}
			continue
		}
		select {
		case e, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, e)
			urgent = e.written != nil
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// write writes a batch in one transaction, and if that fails each record by itself, so that one that cannot be written
// takes no other with it. A store that is busy would make each of them wait as long as the batch did, and the calls
// behind them: there it is tried once.
func (w *Writer) write(batch []entry) {
	err := w.change(batch)
	if err == nil || len(batch) == 1 || errors.Is(err, store.ErrBusy) {
		w.tell(batch, err)
		return
	}
	for i := range batch {
		one := batch[i : i+1]
		w.tell(one, w.change(one))
	}
}

// change writes the records. A panic on the way is the error of this batch: on this goroutine it would end the server.
func (w *Writer) change(batch []entry) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	// Not a request's context: the records are of many requests.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.store.Change(ctx, func(tx store.Tx) error {
		for _, e := range batch {
			if err := tx.AppendAudit(e.record); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Writer) tell(batch []entry, err error) {
	if err != nil {
		err = fmt.Errorf("writing the audit record: %w", err)
	}
	for _, e := range batch {
		switch {
		case e.written != nil:
			e.written <- err
		case err != nil:
			w.log.Error("an audit record was lost", "callID", e.record.CallID, "method", e.record.Method, "error", err)
		}
	}
}
