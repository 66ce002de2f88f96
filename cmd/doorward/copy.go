package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/doorward/doorward/internal/move"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store"
)

type copyCmd struct {
	From string `required:"" placeholder:"URL" help:"The database of the installation: sqlite:PATH or postgres://user@host/name. It is only read."`
	To   string `required:"" placeholder:"URL" help:"The database to copy to, in the same form: empty, or an unfinished copy of the same source."`

	FromPasswordFile string `type:"path" placeholder:"FILE" help:"The password of the source, on PostgreSQL."`
	ToPasswordFile   string `type:"path" placeholder:"FILE" help:"The password of the destination, on PostgreSQL."`

	Finish bool `help:"The last run, with every server on the source stopped: copy what has changed, check that both are equal, and declare the copy complete."`
}

// Run makes the destination equal to the source.
func (c *copyCmd) Run(ctx context.Context, con console) (err error) {
	from, to := setup.End{Database: c.From, PasswordFile: c.FromPasswordFile}, setup.End{Database: c.To, PasswordFile: c.ToPasswordFile}
	for _, flag := range []struct {
		name, file string
		end        setup.End
	}{{"from", c.FromPasswordFile, from}, {"to", c.ToPasswordFile, to}} {
		if err := flag.end.Check(); err != nil {
			return usagef("--%s: %v", flag.name, err) // Not its value: that may hold a password.
		}
		if flag.file != "" && !setup.OnServer(flag.end.Database) {
			return usagef("--%s-password-file: a SQLite file has no password", flag.name)
		}
		if err := setup.CheckPasswordFile(flag.file); err != nil {
			return fmt.Errorf("--%s-password-file: %w", flag.name, err)
		}
	}
	source, err := from.OpenSource(ctx)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	destination, err := to.OpenDestination(ctx, importCache)
	if err != nil {
		return fmt.Errorf("the destination: %w", err)
	}
	defer func() { err = errors.Join(err, destination.Close()) }()
	return c.copy(ctx, con, source, destination)
}

// copy runs a pass, or the last ones, and sums up.
func (c copyCmd) copy(ctx context.Context, con console, source, destination store.Mover) error {
	if err := checkEnds(ctx, source, destination); err != nil {
		return err
	}
	counts, err := source.Counts(ctx)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	progress := newCopyProgress(con.Err, counts)
	run := &move.Copy{From: source, To: destination, Progress: progress.tell}
	work := run.Pass
	if c.Finish {
		work = run.Finish
	}
	stop := progress.show()
	result, err := work(ctx)
	stop()
	switch {
	case ctx.Err() != nil:
		return errors.New("the copy was stopped: run it again to go on; no server opens what is there so far")
	case err != nil:
		return explainCopy(err)
	}
	if err := printCopy(con.Out, result); err != nil {
		return err
	}
	c.sayNext(con.Err, result)
	return nil
}

// checkEnds refuses to copy a database onto itself.
func checkEnds(ctx context.Context, source, destination store.Mover) error {
	from, err := source.Origin(ctx)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	to, err := destination.Origin(ctx)
	if err != nil {
		return fmt.Errorf("the destination: %w", err)
	}
	if from == to {
		return errors.New("source and destination are the same database, or one is a backup of the other: name an empty one with --to")
	}
	return nil
}

// explainCopy says what to do.
func explainCopy(err error) error {
	switch {
	case errors.Is(err, store.ErrFinished):
		return fmt.Errorf("%w: start the servers on the destination, or empty it to copy anew", store.ErrFinished)
	case errors.Is(err, store.ErrNotEmpty):
		return fmt.Errorf("%w; nothing was changed: name an empty database with --to", err)
	case errors.Is(err, move.ErrDisturbed):
		return err
	}
	return fmt.Errorf("the copy ended early; run it again to go on: %w", err)
}

// printCopy writes what was done, a line a kind.
func printCopy(w io.Writer, r *move.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "in the source\tstored\treplaced\tremoved\t")
	var fitted int64
	for _, kind := range store.RecordKinds() {
		t := r.Kinds[kind]
		fitted += t.Fitted
		if kind != store.VersionRecord {
			fmt.Fprintf(table, "%d\t%d\t%d\t%d\t  %s\n", t.Source, t.Stored, t.Replaced, t.Removed, kind)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if fitted > 0 {
		fmt.Fprintf(w, "%d records hold texts for display that the destination cannot keep (bytes that are no UTF-8): U+FFFD stands for these bytes in the copy.\n", fitted)
	}
	return nil
}

// sayNext says what comes next.
func (c copyCmd) sayNext(w io.Writer, r *move.Result) {
	took := r.Took.Round(time.Millisecond)
	if r.Took > time.Minute {
		took = r.Took.Round(time.Second)
	}
	if !c.Finish {
		fmt.Fprintf(w, `%d records compared, %d changed, in %s. The copy is not finished, and no server opens it.
Next: run this again to catch up, as often as you like; the source may serve meanwhile. Then stop every server on the source, and
run this with --finish: that is the pause, about twice as long as a run that finds little to change.
`, r.Records(), r.Changes(), took)
		return
	}
	fmt.Fprintf(w, `Complete after %s, in which %d records were changed: both hold the same %d records, SHA-256 %s on either side.
Start the servers on the destination: the setting database names it. The master key stays the same, because what it seals was copied
sealed. Do not start a server on the source any more.
`, took, r.Changes(), r.Records(), r.SourceDigest)
}
