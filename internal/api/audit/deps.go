package audit

import (
	"context"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Deps are what the methods work with.
type Deps struct {
	Store Store
	Sites Sites
	// Tokens seals cursors.
	Tokens *token.Tokens
	// Dev: the server is one for development.
	Dev bool
}

// Store is what the methods need of the store.
type Store interface {
	store.AuditReader
	Sites(ctx context.Context, partner int64) ([]*store.Site, error)
}

// Sites tells what a key may do, and where: [site.Directory].
type Sites interface {
	Site(ctx context.Context, apiKey string) (*site.Site, error)
	Rights(ctx context.Context, k *site.Key, s *site.Site) (*acl.Rights, error)
	PartnerRights(ctx context.Context, k *site.Key, partner int64) (*acl.Rights, error)
}
