package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/transfer"
)

// importRows is the number of rows that are under way at once: enough for one commit to carry many.
const importRows = 128

type accountImportCmd struct {
	ofSite
	File   string `arg:"" type:"existingfile" help:"The file: .csv, or NDJSON with any other ending."`
	Report string `type:"path" placeholder:"FILE" help:"Write the refused rows, with reasons, to this new file; default: standard error."`
}

// Run imports the rows. Refused ones are reported and do not stop the others; the exit status is 1 if there were any.
// A second run over the same file refuses what is there already and adds the rest.
func (c accountImportCmd) Run(ctx context.Context, con console) error {
	return c.withSite(ctx, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		report := con.Err
		if c.Report != "" {
			out, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			defer out.Close()
			report = out
		}
		run := &importRun{importer: importer(cfg, inst, s), report: report}
		counted := &countingReader{r: f, n: &run.bytes}
		var rows transfer.Reader
		if strings.EqualFold(filepath.Ext(c.File), ".csv") {
			if rows, err = transfer.NewCSV(bufio.NewReaderSize(counted, 1<<16)); err != nil {
				return err
			}
		} else {
			rows = transfer.NewNDJSON(counted)
		}
		stop := run.showProgress(con.Err, info.Size())
		err = run.all(ctx, rows)
		stop()
		fmt.Fprintf(con.Err, "imported %d, refused %d\n", run.imported.Load(), run.refused.Load())
		if err == nil && run.refused.Load() > 0 {
			return errors.New("some rows were refused; the others are imported")
		}
		return err
	})
}

// importRun is one import under way.
type importRun struct {
	importer *transfer.Importer
	imported atomic.Int64
	refused  atomic.Int64
	bytes    atomic.Int64

	reporting sync.Mutex
	report    io.Writer
}

// all imports every row, many at the same time. It stops at the first error that is not a refused row.
func (r *importRun) all(ctx context.Context, rows transfer.Reader) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	queue := make(chan transfer.Row)
	for range importRows {
		workers.Go(func() {
			for row := range queue {
				if _, err := r.importer.Import(ctx, row); !r.count(err) {
					cancel(err)
				}
			}
		})
	}
	err := r.feed(ctx, rows, queue)
	close(queue)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (r *importRun) feed(ctx context.Context, rows transfer.Reader, queue chan<- transfer.Row) error {
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if !r.count(err) {
				return err
			}
			continue
		}
		select {
		case queue <- row:
		case <-ctx.Done():
			return nil
		}
	}
}

// count notes how a row ended. It answers false for an error that ends the import.
func (r *importRun) count(err error) bool {
	var row *transfer.RowError
	switch {
	case err == nil:
		r.imported.Add(1)
	case errors.As(err, &row):
		r.refused.Add(1)
		r.reporting.Lock()
		fmt.Fprintln(r.report, row)
		r.reporting.Unlock()
	default:
		return false
	}
	return true
}

// showProgress draws a bar on a terminal until the returned function is called; elsewhere it draws nothing.
func (r *importRun) showProgress(w io.Writer, size int64) (stop func()) {
	f, ok := w.(*os.File)
	if !ok || size == 0 {
		return func() {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	done := make(chan struct{})
	var drawn sync.WaitGroup
	start := time.Now()
	drawn.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			fmt.Fprint(w, r.bar(size, time.Since(start)))
			select {
			case <-tick.C:
			case <-done:
				fmt.Fprintf(w, "%s\n", r.bar(size, time.Since(start)))
				return
			}
		}
	})
	return func() {
		close(done)
		drawn.Wait()
	}
}

func (r *importRun) bar(size int64, spent time.Duration) string {
	const width = 30
	done := min(float64(r.bytes.Load())/float64(size), 1)
	filled := int(done * width)
	rows := r.imported.Load() + r.refused.Load()
	rate := float64(rows) / max(spent.Seconds(), 0.001)
	return fmt.Sprintf("\r[%s%s] %3.0f %%  %d rows  %.0f/s ", strings.Repeat("=", filled), strings.Repeat(" ", width-filled), done*100, rows, rate)
}

type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
