package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/store"
)

// SetPoliciesParams are the parameters of accounts.setPolicies: one for each group, a JSON object, or null to go back to
// the default.
type SetPoliciesParams struct {
	Registration       string `param:"registration,len=1048576"`
	GigyaPlugins       string `param:"gigyaPlugins,len=1048576"`
	AccountOptions     string `param:"accountOptions,len=1048576"`
	PasswordComplexity string `param:"passwordComplexity,len=1048576"`
	Security           string `param:"security,len=1048576"`
	EmailVerification  string `param:"emailVerification,len=1048576"`
	EmailNotifications string `param:"emailNotifications,len=1048576"`
	PasswordReset      string `param:"passwordReset,len=1048576"`
	ProfilePhoto       string `param:"profilePhoto,len=1048576"`
	Federation         string `param:"federation,len=1048576"`
	TwoFactorAuth      string `param:"twoFactorAuth,len=1048576"`
	Authentication     string `param:"authentication,len=1048576"`
	DoubleOptIn        string `param:"doubleOptIn,len=1048576"`
	PreferencesCenter  string `param:"preferencesCenter,len=1048576"`
	CodeVerification   string `param:"codeVerification,len=1048576"`
	RBA                string `param:"rba,len=1048576"`
}

// named returns the groups by their names, in the order of the reference.
func (p *SetPoliciesParams) named() []namedText {
	return []namedText{
		{"registration", p.Registration},
		{"gigyaPlugins", p.GigyaPlugins},
		{"accountOptions", p.AccountOptions},
		{"passwordComplexity", p.PasswordComplexity},
		{"security", p.Security},
		{"emailVerification", p.EmailVerification},
		{"emailNotifications", p.EmailNotifications},
		{"passwordReset", p.PasswordReset},
		{"profilePhoto", p.ProfilePhoto},
		{"federation", p.Federation},
		{"twoFactorAuth", p.TwoFactorAuth},
		{"authentication", p.Authentication},
		{"doubleOptIn", p.DoubleOptIn},
		{"preferencesCenter", p.PreferencesCenter},
		{"codeVerification", p.CodeVerification},
		{"rba", p.RBA},
	}
}

// setPolicies serves accounts.setPolicies: changes groups of the site's policies.
//
// Callers: server credentials. Groups that are not sent keep what they have, and so do fields inside a group that is sent;
// null sets a group or a field back to its default. Either all of it is stored or none: a wrong value is 400006, text that
// is no JSON object 400004, more than 16 MiB of policies in all 413001. What accounts.getPolicies answers can be sent back as it is, and the next call of any process
// sees the change.
//
// A member of a site group stores only what it sets itself, and cannot set what only the parent may: 400006.
//
// Sources: the REST guide; copying tools send what they read on another site; the refusal of a member is recorded.
func setPolicies(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setPolicies",
		Summary: "Changes one or more groups of a site's policies.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetPoliciesParams]) (method.None, error) {
		changes, err := configChanges(c.Params.named())
		if err != nil || changes.Len() == 0 {
			return method.None{}, err
		}
		return method.None{}, d.changePolicies(ctx, c.Invocation, changes)
	})
}

// changePolicies changes the policies of the call's site.
func (d Deps) changePolicies(ctx context.Context, c *method.Invocation, changes *document.Object) error {
	return d.changeSiteIn(ctx, c, func(tx store.Tx, s *store.Site) error {
		if s.Group == s.APIKey {
			return merge(&s.Policies, changes, policy.Merge)
		}
		parent, err := tx.Site(s.Group)
		if err != nil {
			return fmt.Errorf("reading the parent of the site: %w", err)
		}
		return merge(&s.Policies, changes, func(own json.RawMessage, changes *document.Object) (json.RawMessage, error) {
			return policy.MergeMember(parent.Policies, own, changes)
		})
	})
}

// merge replaces an explicit configuration by what the changes make of it.
func merge(explicit *json.RawMessage, changes *document.Object,
	by func(json.RawMessage, *document.Object) (json.RawMessage, error)) error {
	merged, err := by(*explicit, changes)
	if err != nil {
		return err
	}
	*explicit = merged
	return nil
}
