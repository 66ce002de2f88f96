package admin

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// GetRestrictionsParams are the parameters of admin.getRestrictions.
type GetRestrictionsParams struct {
	// Include lists BlockedIPs and BlockedWords; absent: both.
	Include method.List `param:"include"`
}

// RestrictionsResult is the answer of admin.getRestrictions.
type RestrictionsResult struct {
	BlockedIPs   []string        `json:"blockedIPs,omitzero"`
	BlockedWords json.RawMessage `json:"blockedWords,omitempty"`
}

// getRestrictions serves admin.getRestrictions: it returns the block lists of a site.
//
// Servers may call. An include that is none of the two is 400006.
//
// Source: a client in TypeScript. The form of the addresses in the answer is not documented.
func getRestrictions() *method.Method {
	spec := aboutSite("admin.getRestrictions", "Returns the block lists of a site.")
	return method.New(spec, func(_ context.Context, c *method.Call[GetRestrictionsParams]) (*RestrictionsResult, error) {
		include := c.Params.Include
		for _, name := range include {
			if name != "BlockedIPs" && name != "BlockedWords" {
				return nil, gigya.InvalidArgumentBecause("include", "want BlockedIPs or BlockedWords")
			}
		}
		blocked, _ := document.Member(c.Site.Config, site.RestrictionsMember)
		result := &RestrictionsResult{}
		if len(include) == 0 || slices.Contains(include, "BlockedIPs") {
			result.BlockedIPs = []string{}
			for _, prefix := range c.Site.BlockedIPs() {
				result.BlockedIPs = append(result.BlockedIPs, site.NetworkText(prefix))
			}
		}
		if len(include) == 0 || slices.Contains(include, "BlockedWords") {
			result.BlockedWords = json.RawMessage("[]")
			if words, ok := document.Member(blocked, "blockedWords"); ok {
				result.BlockedWords = words
			}
		}
		return result, nil
	})
}
