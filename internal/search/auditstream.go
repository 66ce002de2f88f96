package search

import (
	"context"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// How many records of a log are read at once: first, and at most.
const (
	firstChunk = 64
	mostChunk  = 1024
)

// auditStream hands over the records of one log that satisfy a condition, in the order of the query, chunk by chunk.
type auditStream struct {
	store store.AuditReader
	query store.AuditQuery
	where query.Expr
	// after is the key that was handed over last, or in an earlier page; empty: none was.
	after string
	chunk int
	rows  []auditRow
	over  bool
}

// peek returns the next record; nil: there is none.
func (s *auditStream) peek(ctx context.Context) (*auditRow, error) {
	for len(s.rows) == 0 && !s.over {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.read(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.rows) == 0 {
		return nil, nil
	}
	return &s.rows[0], nil
}

// take is peek, and goes on.
func (s *auditStream) take(ctx context.Context) (*auditRow, error) {
	row, err := s.peek(ctx)
	if row != nil {
		s.rows = s.rows[1:]
	}
	return row, err
}

// read reads the next chunk.
func (s *auditStream) read(ctx context.Context) error {
	n, last := 0, s.after
	// The record that the chunk begins at was seen already: one more is read.
	s.query.Limit = s.chunk + 1
	s.rows = s.rows[:0]
	err := s.store.Audits(ctx, s.query, func(a *store.Audit, serial string) error {
		n++
		key := auditKey(a.Time, serial, s.query.Log)
		if s.after != "" && (key == s.after || (key < s.after) != s.query.Newest) {
			return nil
		}
		last = key
		if satisfies(s.where, a) {
			s.rows = append(s.rows, auditRow{key: key, record: a})
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.over = n < s.query.Limit
	s.after = last
	s.query.Start = auditPlace(last)
	s.chunk = min(2*s.chunk, mostChunk)
	return nil
}

// auditMerge merges the records of several logs.
type auditMerge struct {
	streams []*auditStream
	newest  bool
}

// next returns the next record of all; nil: there is none.
func (m *auditMerge) next(ctx context.Context) (*auditRow, error) {
	var first *auditStream
	var best *auditRow
	for i := 0; i < len(m.streams); i++ {
		row, err := m.streams[i].peek(ctx)
		if err != nil {
			return nil, err
		}
		if row == nil {
			m.streams = append(m.streams[:i], m.streams[i+1:]...)
			i--
			continue
		}
		if best == nil || (row.key > best.key) == m.newest {
			first, best = m.streams[i], row
		}
	}
	if first == nil {
		return nil, nil
	}
	return first.take(ctx)
}
