package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/transfer"
)

// importCache is how much of the database an import keeps in memory, in KiB: what one of its transactions changes.
const importCache = 96 << 10

type accountImportCmd struct {
	ofSite
	File   string `arg:"" type:"path" help:"The file: .csv, or with any other ending NDJSON or an array of JSON objects. A sealed export is known by its first bytes."`
	Report string `type:"path" placeholder:"FILE" help:"Write the refused rows, with reasons, to this new file; default: standard error."`
	Policy string `enum:"insert,upsert" default:"insert" help:"What becomes of a row whose UID is there: insert refuses it, upsert changes the account."`
	Key    string `type:"path" placeholder:"FILE" help:"Private key that opens a sealed export."`
}

// Run imports the rows. Refused ones are reported and do not stop the others; the exit status is 1 if there were any.
// An import that was stopped goes on where it ended when it is run again: see resumeFile.
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
	return c.withSiteAnd(ctx, setup.Options{WriteCache: importCache}, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		run := &importRun{importer: importer(cfg, inst, s), report: con.Err, size: info.Size()}
		run.importer.Upsert = c.Policy == "upsert"
		rows, err := c.rows(&countingReader{r: f, n: &run.bytes}, s)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if run.resume, err = openResume(c.File, info, s.APIKey); err != nil {
			return err
		}
		if c.Report == "" {
			return run.finish(ctx, con, rows)
		}
		return run.reported(ctx, con, rows, c.Report)
	})
}

// rows reads the file as what its name and its first bytes say it is.
func (c accountImportCmd) rows(r io.Reader, s *site.Site) (transfer.Reader, error) {
	name, buffered := c.File, bufio.NewReaderSize(r, 64<<10)
	if head, _ := buffered.Peek(seal.SealedHead); seal.IsSealed(head) {
		if c.Key == "" {
			return nil, errors.New("it is sealed: give the private key with --key")
		}
		key, err := readKey(c.Key)
		if err != nil {
			return nil, err
		}
		opened, err := seal.NewReader(buffered, key)
		if err != nil {
			return nil, err
		}
		name, buffered = strings.TrimSuffix(name, sealedEnding), bufio.NewReaderSize(opened, 64<<10)
	}
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return transfer.NewCSV(buffered, s.Schema)
	}
	return transfer.NewJSON(buffered), nil
}

// importRun is one import under way.
type importRun struct {
	importer *transfer.Importer
	resume   *resumeFile
	size     int64

	rows, refused atomic.Int64
	bytes         atomic.Int64

	reporting sync.Mutex
	report    io.Writer
	// clear takes the bar off the line, if there is one.
	clear string
}

// reported writes the refusals to a file: a new one, or the one of the run that is resumed.
func (r *importRun) reported(ctx context.Context, con console, rows transfer.Reader, file string) error {
	var failed error
	write := func(w io.Writer) error {
		r.report = w
		failed = r.finish(ctx, con, rows)
		return nil // Whatever happened, the report stays.
	}
	if r.resume.from.Rows > 0 {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(write(f), failed, f.Close())
	}
	err := writeNew(file, write)
	return errors.Join(failed, err)
}

// finish imports the rows and sums up.
func (r *importRun) finish(ctx context.Context, con console, rows transfer.Reader) error {
	if from := r.resume.from; from.Rows > 0 {
		fmt.Fprintf(con.Err, "going on after row %d\n", from.Rows)
	}
	// Little is kept and much is made: collecting less often costs some tens of megabytes and saves a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	stop := r.showProgress(con.Err)
	done, err := r.importer.ImportAll(ctx, rows, transfer.Run{
		From: r.resume.from, Refused: r.tell, Warned: r.tell,
		Done: func(p transfer.Progress) {
			r.rows.Store(p.Rows)
			r.refused.Store(p.Refused)
			r.resume.note(p)
		},
	})
	stop()
	fmt.Fprintf(con.Err, "imported %d, refused %d\n", done.Imported, done.Refused)
	switch {
	case ctx.Err() != nil:
		return errors.New("the import was stopped: run it again to add the rest")
	case err != nil:
		return fmt.Errorf("the import ended early; run it again to add the rest: %w", err)
	}
	if err := r.resume.remove(); err != nil {
		return err
	}
	if done.Refused > 0 {
		return fmt.Errorf("%d rows were refused; the others are imported", done.Refused)
	}
	return nil
}

func (r *importRun) tell(row *transfer.RowError) {
	r.reporting.Lock()
	defer r.reporting.Unlock()
	fmt.Fprintf(r.report, "%s%v\n", r.clear, row)
}

// showProgress draws a bar on a terminal until the returned function is called; elsewhere it draws nothing.
func (r *importRun) showProgress(w io.Writer) (stop func()) {
	if r.size == 0 || !terminal(w) {
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
			fmt.Fprint(w, r.bar(time.Since(start)))
			select {
			case <-tick.C:
			case <-done:
				fmt.Fprintf(w, "%s\n", r.bar(time.Since(start)))
				return
			}
		}
	})
	return func() {
		close(done)
		drawn.Wait()
	}
}

func (r *importRun) bar(spent time.Duration) string {
	const width = 30
	done := min(float64(r.bytes.Load())/float64(r.size), 1)
	filled := int(done * width)
	rows := r.rows.Load()
	rate := float64(max(rows-r.resume.from.Rows, 0)) / max(spent.Seconds(), 0.001)
	return fmt.Sprintf("\r[%s%s] %3.0f %%  %d rows  %d refused  %.0f/s ", strings.Repeat("=", filled), strings.Repeat(" ", width-filled),
		done*100, rows, r.refused.Load(), rate)
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
