package ds

import (
	"io"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Deps is what the methods of this folder work with. Every field is safe for concurrent use and none may be nil.
type Deps struct {
	Store  store.Store
	Tokens *token.Tokens
	// Rand is the source of generated object ids.
	Rand io.Reader
	// Dev serves what only development wants: the plan of a search.
	Dev bool
}
