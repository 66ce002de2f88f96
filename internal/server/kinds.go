package server

import (
	"slices"

	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/api/idx"
	"github.com/doorward/doorward/internal/api/socialize"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Kinds are the kinds of configuration objects that the methods store, of sites and of partners.
func Kinds() []*siteconfig.Kind {
	return slices.Concat(accounts.Kinds(), socialize.Kinds(), idx.Kinds(), admin.Kinds())
}
