package admin

import (
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Deps is what the methods of this folder work with. Every field is safe for concurrent use and none may be nil.
type Deps struct {
	Store  store.Store
	Sites  *site.Directory
	Config *siteconfig.Book
	Tokens *token.Tokens
	// Factory makes sites and keys: the same that the command line uses.
	Factory site.Factory
	// DataCenter is the label of a new site that names none and whose partner has none.
	DataCenter string
	// DataCenters are the labels that a site may have beside those of the original.
	DataCenters []string
	// Names returns the names of all methods that the server has: what effective rights are written out for.
	Names func() []string
}
