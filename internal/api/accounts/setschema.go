package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// SetSchemaParams are the parameters of accounts.setSchema: one for each schema, a JSON object.
type SetSchemaParams struct {
	ProfileSchema       string `param:"profileSchema,len=1048576"`
	DataSchema          string `param:"dataSchema,len=1048576"`
	SubscriptionsSchema string `param:"subscriptionsSchema,len=1048576"`
	PreferencesSchema   string `param:"preferencesSchema,len=1048576"`
	InternalSchema      string `param:"internalSchema,len=1048576"`
	AddressesSchema     string `param:"addressesSchema,len=1048576"`
	// Scope is group or site, for members of a site group. Outside a group both are the same.
	Scope string `param:"scope"`
}

// named returns the schemas by their names, in the order of the reference.
func (p *SetSchemaParams) named() []namedText {
	return []namedText{
		{"profileSchema", p.ProfileSchema},
		{"dataSchema", p.DataSchema},
		{"subscriptionsSchema", p.SubscriptionsSchema},
		{"preferencesSchema", p.PreferencesSchema},
		{"internalSchema", p.InternalSchema},
		{"addressesSchema", p.AddressesSchema},
	}
}

// setSchema serves accounts.setSchema: creates and changes fields of the account schema.
//
// Callers: server credentials. Only the attributes sent of the fields sent change. Either all of it is stored or none: a
// changed type or a field under a field is 400029, an unknown type or attribute value 400006, what does not validate
// 400020, text that is no JSON object 400004. A call that sends no schema succeeds; SAP's tools send one.
//
// Sources: the REST guide; the toolkit, which copies schemas from site to site.
func setSchema(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setSchema",
		Summary: "Creates and changes fields of the account schema.",
		Callers: caller.Server,
		Write:   true,
		Partial: "scope, for members of a site group",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSchemaParams]) (method.None, error) {
		if err := checkScope(c.Params.Scope, "group", "site"); err != nil {
			return method.None{}, err
		}
		changes, err := configChanges(c.Params.named())
		if err != nil || changes.Len() == 0 {
			return method.None{}, err
		}
		return method.None{}, d.changeSite(ctx, c.Invocation, func(s *store.Site) error {
			return merge(&s.Schema, changes, schema.Merge)
		})
	})
}
