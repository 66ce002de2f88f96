package main

import (
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
	File   string `arg:"" type:"path" help:"The file: .csv, or NDJSON with any other ending."`
	Report string `type:"path" placeholder:"FILE" help:"Write the refused rows, with reasons, to this new file; default: standard error."`
}

// Run imports the rows. Refused ones are reported and do not stop the others; the exit status is 1 if there were any.
// A second run over the same file refuses what is there already and adds the rest.
func (c accountImportCmd) Run(ctx context.Context, con console) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file", c.File)
	}
	return c.withSite(ctx, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		run := &importRun{importer: importer(cfg, inst, s), report: con.Err}
		rows, err := c.rows(&countingReader{r: f, n: &run.bytes}, s)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if c.Report == "" {
			return run.finish(ctx, con, rows, info.Size())
		}
		var failed error
		err = writeNew(c.Report, func(w io.Writer) error {
			run.report = w
			failed = run.finish(ctx, con, rows, info.Size())
			return nil // Whatever happened, the report stays.
		})
		return errors.Join(failed, err)
	})
}

// rows reads the file as what its name says it is.
func (c accountImportCmd) rows(r io.Reader, s *site.Site) (transfer.Reader, error) {
	if strings.EqualFold(filepath.Ext(c.File), ".csv") {
		return transfer.NewCSV(r, s.Schema)
	}
	return transfer.NewNDJSON(r), nil
}

// importRun is one import under way.
type importRun struct {
	importer *transfer.Importer
	imported atomic.Int64
	refused  atomic.Int64
	bytes    atomic.Int64

	reporting sync.Mutex
	report    io.Writer
	// clear takes the bar off the line, if there is one.
	clear string
}

// finish imports the rows and sums up.
func (r *importRun) finish(ctx context.Context, con console, rows transfer.Reader, size int64) error {
	stop := r.showProgress(con.Err, size)
	err := r.all(ctx, rows)
	stop()
	imported, refused := r.imported.Load(), r.refused.Load()
	fmt.Fprintf(con.Err, "imported %d, refused %d\n", imported, refused)
	switch {
	case ctx.Err() != nil:
		return errors.New("the import was stopped: run it again to add the rest")
	case err != nil:
		return fmt.Errorf("the import ended early; run it again to add the rest: %w", err)
	case refused > 0:
		return fmt.Errorf("%d rows were refused; the others are imported", refused)
	}
	return nil
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
		fmt.Fprintf(r.report, "%s%v\n", r.clear, row)
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
	if r.report == w {
		r.clear = "\r\x1b[K"
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
