package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
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
	// Include is sent by SAP's tools and of no effect.
	Include string `param:"include"`
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
// At a member of a site group, scope=site stores which fields it requires, and nothing else can be set there (400006);
// without it the schema of the group changes, for which the key must reach the parent, and required cannot be sent.
//
// Sources: the REST guide; the toolkit, which copies schemas from site to site.
func setSchema(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setSchema",
		Summary: "Creates and changes fields of the account schema.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSchemaParams]) (method.None, error) {
		if err := checkScope(c.Params.Scope, "group", "site"); err != nil {
			return method.None{}, err
		}
		changes, err := configChanges(c.Params.named())
		if err != nil || changes.Len() == 0 {
			return method.None{}, err
		}
		switch {
		case !c.Site.IsMember():
			return method.None{}, d.changeSite(ctx, c.Invocation, func(s *store.Site) error {
				return merge(&s.Schema, changes, schema.Merge)
			})
		case strings.EqualFold(c.Params.Scope, "site"):
			return method.None{}, d.changeMemberSchema(ctx, c.Invocation, changes)
		}
		return method.None{}, d.changeGroupSchema(ctx, c.Invocation, changes)
	})
}

// changeMemberSchema changes what the call's site, a member of a group, requires besides the group.
func (d Deps) changeMemberSchema(ctx context.Context, c *method.Invocation, changes *document.Object) error {
	return d.changeSiteIn(ctx, c, func(tx store.Tx, s *store.Site) error {
		parent, err := tx.Site(c.Site.Group)
		if err != nil {
			return fmt.Errorf("reading the parent of the site: %w", err)
		}
		return merge(&s.Schema, changes, func(own json.RawMessage, changes *document.Object) (json.RawMessage, error) {
			return schema.MergeMember(parent.Schema, own, changes)
		})
	})
}

// changeGroupSchema changes the schema of the group for a call at a member. The key must reach the parent, whose schema it
// is.
func (d Deps) changeGroupSchema(ctx context.Context, c *method.Invocation, changes *document.Object) error {
	parent, err := d.Sites.Site(ctx, c.Site.Group)
	if err != nil {
		return err
	}
	if c.Caller.Key != nil {
		rights, err := d.Sites.Rights(ctx, c.Caller.Key, parent)
		if err != nil {
			return err
		}
		if !c.Method.Within(c, rights, c.Method.Right()) {
			return caller.Denied(c.Method.Spec.Name)
		}
	}
	return d.changeRecord(ctx, c, c.Site.Group, func(_ store.Tx, s *store.Site) error {
		kept, err := schema.WithoutRequired(s.Schema, changes)
		if err != nil {
			return err
		}
		return merge(&s.Schema, kept, schema.Merge)
	})
}
