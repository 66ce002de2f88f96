package faulty

import (
	"context"

	"github.com/doorward/doorward/internal/store"
)

// SealAudits implements [store.AuditReader].
func (s *Store) SealAudits(ctx context.Context, key []byte) error {
	if err := s.meet(ctx, "SealAudits"); err != nil {
		return err
	}
	return s.inner.SealAudits(ctx, key)
}

// CheckpointAudits implements [store.AuditReader].
func (s *Store) CheckpointAudits(ctx context.Context) error {
	if err := s.meet(ctx, "CheckpointAudits"); err != nil {
		return err
	}
	return s.inner.CheckpointAudits(ctx)
}

// Audits implements [store.AuditReader].
func (s *Store) Audits(ctx context.Context, q store.AuditQuery, each func(a *store.Audit, serial string) error) error {
	if err := s.meet(ctx, "Audits"); err != nil {
		return err
	}
	return s.inner.Audits(ctx, q, each)
}

// CountAudits implements [store.AuditReader].
func (s *Store) CountAudits(ctx context.Context, q store.AuditQuery) (int64, error) {
	return read(ctx, s, "CountAudits", func() (int64, error) { return s.inner.CountAudits(ctx, q) })
}

// ExplainAudits implements [store.AuditReader].
func (s *Store) ExplainAudits(ctx context.Context, q store.AuditQuery) ([]string, error) {
	return read(ctx, s, "ExplainAudits", func() ([]string, error) { return s.inner.ExplainAudits(ctx, q) })
}

// AuditLogs implements [store.AuditReader].
func (s *Store) AuditLogs(ctx context.Context) ([]string, error) {
	return read(ctx, s, "AuditLogs", func() ([]string, error) { return s.inner.AuditLogs(ctx) })
}

// AuditChains implements [store.AuditReader].
func (s *Store) AuditChains(ctx context.Context) ([]*store.AuditChain, error) {
	return read(ctx, s, "AuditChains", func() ([]*store.AuditChain, error) { return s.inner.AuditChains(ctx) })
}

// ChainAudits implements [store.AuditReader].
func (s *Store) ChainAudits(ctx context.Context, chain string, after int64, limit int, each func(*store.Audit) error) error {
	if err := s.meet(ctx, "ChainAudits"); err != nil {
		return err
	}
	return s.inner.ChainAudits(ctx, chain, after, limit, each)
}
