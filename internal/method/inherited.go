package method

import (
	"context"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
)

// MayAt tells whether the caller, a server, may call the method of the name at the site of the API key. It is the call's own, or
// the parent of its group: who works for a member alone has no right to the secrets that it inherits. Of the call's own method the
// limits on parameters at the other site count too; another method it may call only if it holds it without limits, for its
// parameters are not known here.
func (inv *Invocation) MayAt(ctx context.Context, sites *site.Directory, apiKey, name string) (bool, error) {
	own, folded := strings.EqualFold(name, inv.Method.Privilege()), strings.ToLower(name)
	if inv.Caller.Key == nil || apiKey == inv.Site.APIKey {
		return inv.Caller.Permitted(caller.Server, folded) && (own || inv.Caller.Held(folded).Free()), nil
	}
	owner, err := sites.Site(ctx, apiKey)
	if err != nil {
		return false, err
	}
	rights, err := sites.Rights(ctx, inv.Caller.Key, owner)
	if err != nil {
		return false, err
	}
	if own {
		return inv.Method.Within(inv, rights, inv.Method.Right()), nil
	}
	return rights.Method(folded).Free(), nil
}
