package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/policy"
)

// GetPoliciesParams are the parameters of accounts.getPolicies.
type GetPoliciesParams struct {
	// Sections names the groups to return; none: all that the caller may read.
	Sections method.List `param:"sections"`
	// Include is full (with every default) or explicitOnly (what the site itself set). An older SDK calls it filter.
	Include string `param:"include,alias=filter"`
}

// getPolicies serves accounts.getPolicies: the groups of the site's policies, each a member of the answer, in the order of
// the default document.
//
// Anybody may call. A client call reads the public groups; when it names another group the whole call is 403007. A group
// that does not exist is 400006. A member of a site group is shown its group's values with its own over them.
//
// Sources: the REST guide; exports of four fresh sites; the refusal of a private group is recorded.
func getPolicies(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getPolicies",
		Summary: "Returns the site's policies, all groups or the named ones.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[GetPoliciesParams]) (json.RawMessage, error) {
		explicit, err := explicitOnly("include", c.Params.Include)
		if err != nil {
			return nil, err
		}
		names, err := policySections(c)
		if err != nil {
			return nil, err
		}
		source := c.Site.Policies.Section
		if explicit {
			source = c.Site.Policies.ExplicitSection
		}
		return selectMembers(names, source), nil
	})
}

// policySections returns the groups to answer, in the order of the document.
func policySections(c *method.Call[GetPoliciesParams]) ([]string, error) {
	known := c.Site.Policies.Sections()
	for _, name := range c.Params.Sections {
		if !slices.Contains(known, name) {
			return nil, gigya.InvalidArgumentBecause("sections", "there is no group "+strconv.Quote(name))
		}
		if !c.Server() && !policy.ClientReadable(name) {
			return nil, caller.Denied(c.Method.Spec.Name)
		}
	}
	chosen := make([]string, 0, len(known))
	for _, name := range known {
		asked := len(c.Params.Sections) == 0 || slices.Contains(c.Params.Sections, name)
		if asked && (c.Server() || policy.ClientReadable(name)) {
			chosen = append(chosen, name)
		}
	}
	return chosen, nil
}

// explicitOnly reads the parameter that chooses between full and explicitOnly. Letter case is not looked at.
func explicitOnly(name, value string) (bool, error) {
	switch {
	case value == "", strings.EqualFold(value, "full"):
		return false, nil
	case strings.EqualFold(value, "explicitOnly"):
		return true, nil
	}
	return false, gigya.InvalidArgumentBecause(name, "must be full or explicitOnly")
}

// selectMembers makes an object of the named members, in that order; those that the source does not have are left out.
func selectMembers(names []string, source func(name string) (json.RawMessage, bool)) json.RawMessage {
	result := []byte{'{'}
	for _, name := range names {
		text, ok := source(name)
		if !ok || len(text) == 0 {
			continue
		}
		if len(result) > 1 {
			result = append(result, ',')
		}
		result = document.AppendString(result, name)
		result = append(result, ':')
		result = append(result, text...)
	}
	return append(result, '}')
}
