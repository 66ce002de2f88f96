package idx

import (
	"io"

	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Deps is what the methods of this folder work with. Every field is safe for concurrent use and none may be nil.
type Deps struct {
	Store store.Store
	// Config keeps the dataflows and schedulings.
	Config *siteconfig.Book
	Tokens *token.Tokens
	// Rand is the source of ids.
	Rand io.Reader
}
