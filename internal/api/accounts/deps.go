package accounts

import (
	"io"

	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Deps is what the methods of this folder work with. Every field is safe for concurrent use and none may be nil.
type Deps struct {
	Store store.Store
	Sites *site.Directory
	// Config keeps the configuration objects of sites.
	Config    *siteconfig.Book
	Tokens    *token.Tokens
	Keyring   *token.Keyring
	Sessions  *session.Sessions
	Passwords *password.Hasher
	// Rand is the source of everything that must not be guessed.
	Rand io.Reader
	// Issuer returns the iss claim of a site's id_tokens.
	Issuer func(apiKey string) string
	// Dev serves what only development wants: the plan of a search.
	Dev bool
	// OpenTemplates answers accounts.policies.emailTemplates.getConfig to whoever names a user key, without its secret.
	OpenTemplates bool
}
