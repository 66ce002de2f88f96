package audit

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Exported says which records are exported.
type Exported struct {
	// Logs are exported one after the other: API keys, and [store.OwnerOfPartner] of partners.
	Logs []string
	// UID is the account that the records are about; empty: any.
	UID string
	// From and Until bound the time, both included; Until 0: there is no end.
	From, Until clock.Millis
}

// exportPage is how many records one read takes: a long one would hold up what keeps the database small.
const exportPage = 500

// Each calls fn for the records, log by log, the oldest first. It works on a database in use: what is written meanwhile may be
// among them.
func (e Exported) Each(ctx context.Context, r store.AuditReader, fn func(*store.Audit) error) error {
	for _, log := range e.Logs {
		q := store.AuditQuery{Log: log, UID: e.UID, From: e.From, Until: e.Until, Limit: exportPage}
		for {
			var page []*store.Audit
			n, last := 0, q.Start
			err := r.Audits(ctx, q, func(a *store.Audit, serial string) error {
				n++
				at := store.AuditPlace{Time: a.Time, Serial: serial}
				if at != q.Start {
					page = append(page, a)
				}
				last = at
				return nil
			})
			if err != nil {
				return fmt.Errorf("reading the log of %s: %w", log, err)
			}
			for _, a := range page {
				if err := fn(a); err != nil {
					return err
				}
			}
			if n < exportPage {
				break
			}
			q.Start = last
		}
	}
	return nil
}

// Write writes the records as JSON lines, each as audit.search shows it, with a member chain, and returns how many.
func (e Exported) Write(ctx context.Context, r store.AuditReader, w io.Writer) (n int64, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	err = e.Each(ctx, r, func(a *store.Audit) error {
		line = AppendExported(line[:0], a)
		n++
		_, err := out.Write(append(line, '\n'))
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	return n, err
}

// AppendExported appends the record as an export has it.
func AppendExported(dst []byte, a *store.Audit) []byte {
	if record := a.Record; len(record) > 2 && record[len(record)-1] == '}' {
		dst = append(append(dst, record[:len(record)-1]...), ',')
	} else {
		dst = append(dst, '{')
	}
	dst = document.AppendString(append(dst, `"chain":{"name":`...), a.Link.Chain)
	dst = strconv.AppendInt(append(dst, `,"number":`...), a.Link.Number, 10)
	dst = hex.AppendEncode(append(dst, `,"prev":"`...), a.Link.Prev[:])
	dst = hex.AppendEncode(append(dst, `","mac":"`...), a.Link.MAC[:])
	dst = document.AppendString(append(dst, `","log":`...), a.APIKey)
	dst = strconv.AppendInt(append(dst, `,"partner":`...), a.Partner, 10)
	return append(dst, '}', '}')
}
