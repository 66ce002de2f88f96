package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/config"
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
func (c *accountImportCmd) Run(ctx context.Context, con console) error {
	f, err := openImport(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.withSiteAnd(ctx, setup.Options{WriteCache: importCache}, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		run := &importRun{importer: importer(cfg, inst, s), file: f, report: con.Err}
		run.importer.Upsert = c.Policy == "upsert"
		rows, err := f.rows(ctx, c.Key, s.Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if run.resume, err = openResume(c.File, f.info, s.APIKey); err != nil {
			return err
		}
		if c.Report == "" {
			return run.finish(ctx, con, rows)
		}
		return run.reported(ctx, con, rows, c.Report)
	})
}

// importRun is one import under way.
type importRun struct {
	importer *transfer.Importer
	file     *importFile
	resume   *resumeFile

	rows, refused atomic.Int64

	reporting sync.Mutex
	report    io.Writer
	// unreported is why the report is not whole; stop then ends the import.
	unreported error
	stop       context.CancelFunc
	// clear takes the bar off the line, if there is one.
	clear string
}

// reported writes the refusals to a file: a new one, one that is empty, or the one of the run that is resumed.
func (r *importRun) reported(ctx context.Context, con console, rows transfer.Reader, file string) error {
	how := os.O_RDWR | os.O_CREATE | os.O_APPEND
	info, err := os.Stat(file)
	if empty := err == nil && info.Mode().IsRegular() && info.Size() == 0; !r.resume.again && !empty {
		how |= os.O_EXCL
	}
	f, err := os.OpenFile(file, how, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errTaken(file)
	}
	if err != nil {
		return err
	}
	if err := endLine(f); err != nil {
		return errors.Join(err, f.Close())
	}
	r.report = f
	// Whatever happens, the report stays.
	return errors.Join(r.finish(ctx, con, rows), f.Sync(), f.Close())
}

// endLine ends the last line of a report that was cut short, by a full disk for one: what comes next is a line of its own.
func endLine(report *os.File) error {
	info, err := report.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	var last [1]byte
	if _, err := report.ReadAt(last[:], info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = report.WriteString("\n")
	return err
}

// finish imports the rows and sums up.
func (r *importRun) finish(ctx context.Context, con console, rows transfer.Reader) error {
	if from := r.resume.from; from.Rows > 0 {
		fmt.Fprintf(con.Err, "going on after row %d\n", from.Rows)
	}
	r.resume.note(r.resume.from)
	// Little is kept and much is made: collecting less often costs some tens of megabytes and saves a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	stop := r.showProgress(con.Err)
	running, end := context.WithCancel(ctx)
	defer end()
	r.stop = end
	done, err := r.importer.ImportAll(running, rows, transfer.Run{
		From: r.resume.from, Again: r.resume.again, Refused: r.tell, Warned: r.tell,
		Done: func(p transfer.Progress) {
			r.rows.Store(p.Rows)
			r.refused.Store(p.Refused)
			if r.unreported == nil { // What could not be reported is told by the next run.
				r.resume.note(p)
			}
		},
	})
	stop()
	if !r.file.begun && !r.resume.again {
		err = errors.Join(err, r.resume.remove()) // Nothing was done that the next run would have to know of.
	}
	fmt.Fprintf(con.Err, "imported %d, refused %d\n", done.Imported, done.Refused)
	switch ended := r.file.ended; {
	case r.unreported != nil:
		return fmt.Errorf("the import was stopped, because its report cannot be written: make room and run it again to add the rest: %w", r.unreported)
	case ctx.Err() != nil:
		return errors.New("the import was stopped: run it again to add the rest")
	case ended != nil && errors.Is(err, ended):
		return fmt.Errorf("%s cannot be read to its end, and what stands behind row %d was not imported: %w", r.file.Name(), done.Rows, err)
	case err != nil:
		return fmt.Errorf("the import ended early; run it again to add the rest: %w", err)
	}
	if err := r.resume.remove(); err != nil {
		return err
	}
	if done.Refused == 1 {
		return errors.New("1 row was refused; the others are imported")
	}
	if done.Refused > 0 {
		return fmt.Errorf("%d rows were refused; the others are imported", done.Refused)
	}
	return nil
}

func (r *importRun) tell(row *transfer.RowError) {
	r.reporting.Lock()
	defer r.reporting.Unlock()
	if _, err := fmt.Fprintf(r.report, "%s%v\n", r.clear, row); err != nil && r.unreported == nil {
		r.unreported = err
		r.stop()
	}
}

// showProgress draws a bar on a terminal until the returned function is called; elsewhere it draws nothing.
func (r *importRun) showProgress(w io.Writer) (stop func()) {
	if r.file.size() == 0 || !terminal(w) {
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
	done := min(float64(r.file.read.Load())/float64(r.file.size()), 1)
	filled := int(done * width)
	rows := r.rows.Load()
	rate := float64(max(rows-r.resume.from.Rows, 0)) / max(spent.Seconds(), 0.001)
	return fmt.Sprintf("\r[%s%s] %3.0f %%  %d rows  %d refused  %.0f/s ", strings.Repeat("=", filled), strings.Repeat(" ", width-filled),
		done*100, rows, r.refused.Load(), rate)
}
