package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
)

// GetSchemaParams are the parameters of accounts.getSchema.
type GetSchemaParams struct {
	// Filter is full, explicitOnly or clientOnly. Client calls have clientOnly whatever they ask for.
	Filter string `param:"filter"`
	// Include names the schemas: profileSchema, dataSchema, subscriptionsSchema, preferencesSchema, and, only when named,
	// internalSchema and addressesSchema. The web SDK calls it sections.
	Include method.List `param:"include,alias=sections"`
	// Scope is effective, group (the schema of the site group) or site (what the member itself stored). Outside a group all
	// three are the same.
	Scope string `param:"scope"`
	// InternalSchema is the older way to name the internal schema.
	InternalSchema bool `param:"internalSchema"`
	// SchemaType is sent by the web SDK and of no known effect.
	SchemaType string `param:"schemaType"`
}

// getSchema serves accounts.getSchema: the fields that accounts of the site have.
//
// Anybody may call. A client call sees the fields that it may use, each with what a form needs; the internal schema is for
// server calls alone (403007). A schema or filter that does not exist is 400006.
//
// Sources: the REST guide; exports of fresh sites; the toolkit's fixtures.
func getSchema(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getSchema",
		Summary: "Returns the account schema: profile, data, subscriptions, preferences, internal, addresses.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[GetSchemaParams]) (json.RawMessage, error) {
		filter, err := schemaFilter(c)
		if err != nil {
			return nil, err
		}
		if err := checkScope(c.Params.Scope, "effective", "group", "site"); err != nil {
			return nil, err
		}
		names, err := schemaSections(c)
		if err != nil {
			return nil, err
		}
		source, err := schemaSource(c, filter)
		if err != nil {
			return nil, err
		}
		return selectMembers(names, source), nil
	})
}

// schemaSource returns where the sections of the scope come from. Only servers are shown another scope than what is in
// force.
func schemaSource(c *method.Call[GetSchemaParams], filter schema.Filter) (func(string) (json.RawMessage, bool), error) {
	of, err := c.Site.Schema, error(nil)
	switch scope := strings.ToLower(c.Params.Scope); {
	case !c.Server() || !c.Site.IsMember():
	case scope == "site":
		return func(name string) (json.RawMessage, bool) { return schema.MemberSection(c.Site.Site.Schema, name) }, nil
	case scope == "group":
		of, err = c.Site.GroupSchema()
	}
	return func(name string) (json.RawMessage, bool) { return of.Section(name, filter) }, err
}

func schemaFilter(c *method.Call[GetSchemaParams]) (schema.Filter, error) {
	filter, ok := schema.ParseFilter(c.Params.Filter)
	if !ok {
		return 0, gigya.InvalidArgumentBecause("filter", "must be full, explicitOnly or clientOnly")
	}
	if !c.Server() {
		return schema.ClientOnly, nil
	}
	return filter, nil
}

// schemaSections returns the schemas to answer, in the order of the reference.
func schemaSections(c *method.Call[GetSchemaParams]) ([]string, error) {
	known := schema.SectionNames()
	for _, name := range c.Params.Include {
		if !slices.Contains(known, name) {
			return nil, gigya.InvalidArgumentBecause("include", "there is no schema "+strconv.Quote(name))
		}
	}
	asked := []string(c.Params.Include)
	if len(asked) == 0 {
		asked = schema.DefaultSectionNames()
	}
	if c.Params.InternalSchema {
		asked = append(slices.Clone(asked), "internalSchema")
	}
	if !c.Server() && slices.Contains(asked, "internalSchema") {
		return nil, caller.Denied(c.Method.Spec.Name)
	}
	return slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !slices.Contains(asked, name) }), nil
}

// checkScope refuses a scope that is none of the allowed. Letter case is not looked at.
func checkScope(scope string, allowed ...string) error {
	for _, name := range allowed {
		if scope == "" || strings.EqualFold(scope, name) {
			return nil
		}
	}
	return gigya.InvalidArgumentBecause("scope", "must be one of "+strings.Join(allowed, ", "))
}
