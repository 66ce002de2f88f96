package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// copyProgress shows how far a copy is: by a bar on a terminal, by a line from time to time elsewhere.
type copyProgress struct {
	w     io.Writer
	total int64
	done  atomic.Int64
	kind  atomic.Int64
}

// copyLines is how often a line is written where there is no terminal.
const copyLines = 10 * time.Second

func newCopyProgress(w io.Writer, counts map[store.RecordKind]int64) *copyProgress {
	p := &copyProgress{w: w}
	for _, n := range counts {
		p.total += n
	}
	p.kind.Store(int64(store.PartnerRecord)) // The first to come.
	return p
}

func (p *copyProgress) tell(kind store.RecordKind, records int64) {
	p.kind.Store(int64(kind))
	p.done.Store(records)
}

// show shows the progress until the returned function is called.
func (p *copyProgress) show() (stop func()) {
	period, draw := copyLines, p.line
	bar := terminal(p.w)
	if bar {
		period, draw = 200*time.Millisecond, p.bar
	}
	done := make(chan struct{})
	var drawn sync.WaitGroup
	start := time.Now()
	drawn.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprint(p.w, draw(time.Since(start)))
			case <-done:
				if bar {
					fmt.Fprint(p.w, "\r\x1b[K")
				}
				return
			}
		}
	})
	return func() {
		close(done)
		drawn.Wait()
	}
}

// line is the progress as a line.
func (p *copyProgress) line(spent time.Duration) string {
	done := p.done.Load()
	return fmt.Sprintf("%s: %d of about %d records, %s\n", store.RecordKind(p.kind.Load()), done, p.total, perSecond(done, spent))
}

func (p *copyProgress) bar(spent time.Duration) string {
	const width = 30
	done := p.done.Load()
	// Meanwhile there may have come more than there were to count.
	part := min(float64(done)/float64(max(p.total, 1)), 1)
	filled := int(part * width)
	return fmt.Sprintf("\r[%s%s] %3.0f %%  %d records  %s  %s \x1b[K", strings.Repeat("=", filled), strings.Repeat(" ", width-filled),
		part*100, done, perSecond(done, spent), store.RecordKind(p.kind.Load()))
}

func perSecond(n int64, spent time.Duration) string {
	return fmt.Sprintf("%.0f/s", float64(n)/max(spent.Seconds(), 0.001))
}

// terminal tells whether somebody looks at what is written.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
