package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store"
)

type auditCmd struct {
	Verify  auditVerifyCmd  `cmd:"" help:"Check that no record of the audit log was altered, removed or inserted; exit status 1 if one was."`
	Export  auditExportCmd  `cmd:"" help:"Write the audit log as JSON lines."`
	Account auditAccountCmd `cmd:"" help:"Tell in plain words what happened to an account."`
}

type auditVerifyCmd struct {
	configured
	Heads      string `type:"existingfile" placeholder:"FILE" help:"Ends of the chains, written by --write-heads before and kept elsewhere: what was taken off since is noticed by them."`
	WriteHeads string `type:"path" placeholder:"FILE" help:"Write the ends of the chains to this new file."`
}

// Run checks the log. The server may go on running.
func (c *auditVerifyCmd) Run(ctx context.Context, con console) error {
	var heads []audit.Head
	if c.Heads != "" {
		text, err := os.ReadFile(c.Heads)
		if err != nil {
			return fmt.Errorf("reading the ends of the chains: %w", err)
		}
		if err := json.Unmarshal(text, &heads); err != nil {
			return fmt.Errorf("%s is no file that --write-heads has written, or not all of it", c.Heads)
		}
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		report, err := audit.Verify(ctx, inst.Store, inst.Sealer.Key(audit.ChainKey), heads)
		if err != nil {
			return err
		}
		fmt.Fprintf(con.Out, "%d records in %d chains; %d more were removed because their time was over\n", report.Records, report.Chains, report.Removed)
		if report.Chainless > 0 {
			fmt.Fprintf(con.Out, "%d records have no chain: nothing protects those that were written before there were chains\n", report.Chainless)
		}
		for _, f := range report.Findings {
			fmt.Fprintln(con.Out, f)
		}
		wrong := slices.IndexFunc(report.Findings, func(f audit.Finding) bool { return !f.Unchecked })
		if wrong >= 0 {
			return fmt.Errorf("the audit log is not as it was written: %s", report.Findings[wrong])
		}
		if c.WriteHeads != "" {
			err = writeNew(c.WriteHeads, func(w io.Writer) error { return json.NewEncoder(w).Encode(report.Heads) })
		}
		if n := len(report.Findings); n > 0 && err == nil {
			err = fmt.Errorf("chains that could not be checked: %d; of what could be, nothing is wrong", n)
		}
		return err
	})
}

// auditTimes are the flags that bound the time.
type auditTimes struct {
	From  string `placeholder:"TIME" help:"The first time, such as 2026-01-31 or 2026-01-31T12:00:00Z."`
	Until string `placeholder:"TIME" help:"The last time; of a day its first moment."`
}

func (t auditTimes) bounds() (from, until clock.Millis, err error) {
	for flag, to := range map[string]*clock.Millis{"from": &from, "until": &until} {
		text := map[string]string{"from": t.From, "until": t.Until}[flag]
		if text == "" {
			continue
		}
		at, ok := query.ParseTime(text)
		if !ok {
			return 0, 0, usagef("--%s: %q is no time such as 2026-01-31 or 2026-01-31T12:00:00Z", flag, text)
		}
		*to = clock.FromTime(at)
	}
	return from, until, nil
}

type auditExportCmd struct {
	configured
	auditTimes
	Site string `placeholder:"API-KEY" help:"The log of this site; without, every log of the installation."`
	To   string `type:"path" placeholder:"FILE" help:"Write to this new file instead of the standard output."`
}

// Run exports the log. The server may go on running.
func (c *auditExportCmd) Run(ctx context.Context, con console) error {
	from, until, err := c.bounds()
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		logs, err := c.logs(ctx, inst.Store)
		if err != nil {
			return err
		}
		e := audit.Exported{Logs: logs, From: from, Until: until}
		var n int64
		write := func(w io.Writer) (err error) {
			n, err = e.Write(ctx, inst.Store, w)
			return err
		}
		if c.To != "" {
			err = writeNew(c.To, write)
		} else {
			err = write(con.Out)
		}
		if err == nil {
			fmt.Fprintf(con.Err, "%d records\n", n)
		}
		return err
	})
}

// logs are the logs to export. That of a site which is not there any more stays until its time is over.
func (c auditExportCmd) logs(ctx context.Context, s store.Store) ([]string, error) {
	if c.Site == "" {
		return s.AuditLogs(ctx)
	}
	if _, err := s.Site(ctx, c.Site); !errors.Is(err, store.ErrNotFound) {
		return []string{c.Site}, err
	}
	logs, err := s.AuditLogs(ctx)
	if err == nil && !slices.Contains(logs, c.Site) {
		err = fmt.Errorf("there is no site with the API key %q, and no log of one that was", c.Site)
	}
	return []string{c.Site}, err
}

type auditAccountCmd struct {
	configured
	auditTimes
	UID string `arg:"" help:"The account."`
}

// Run prints the view of one account, the oldest event first.
func (c *auditAccountCmd) Run(ctx context.Context, con console) error {
	from, until, err := c.bounds()
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		logs, err := inst.Store.AuditLogs(ctx)
		if err != nil {
			return err
		}
		out := newTable(con.Out)
		n := 0
		err = audit.Exported{Logs: logs, UID: c.UID, From: from, Until: until}.Each(ctx, inst.Store, func(a *store.Audit) error {
			n++
			l := audit.View(a)
			what := l.What
			switch {
			case strings.HasPrefix(l.Failed, "206"): // What the user has sent is stored, and more is wanted.
				what = "not finished (" + l.Failed + "): " + what
			case l.Failed != "":
				what = "not done (" + l.Failed + "): " + what
			}
			out.row(l.Time, l.Event, what, "by "+l.By, "from "+l.Address)
			return nil
		})
		if err == nil {
			err = out.flush()
		}
		if n == 0 && err == nil {
			fmt.Fprintln(con.Err, "no records of this account")
		}
		return err
	})
}
