package accounts

import (
	"context"
	"encoding/json"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// extensionKind is the extension of an extension point, whose name it has. A member of a site group has its parent's, and may
// switch them and give them another URL.
var extensionKind = &siteconfig.Kind{
	Name: "extension", Of: siteconfig.OfSite, Inherit: siteconfig.ParentMerged, OnChild: []string{"enabled", "extensionFuncUrl"},
	Size:    256 << 10,
	Secrets: []string{"headers.*.value"},
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "extensionPoint", Shape: siteconfig.OneOf(extensionPoints...), Required: true},
		siteconfig.Member{Name: "friendlyName", Shape: siteconfig.Text(1, 256), Required: true},
		siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 4096)},
		siteconfig.Member{Name: "extensionFuncUrl", Shape: targetShape(), Required: true},
		siteconfig.Member{Name: "enabled", Shape: siteconfig.Flag()},
		siteconfig.Member{Name: "timeout", Shape: siteconfig.Whole(10, 5000)},
		siteconfig.Member{Name: "fallback", Shape: siteconfig.OneOf("IgnoreAllErrors", "FailOnAnyError")},
		siteconfig.Member{Name: "headers", Shape: headersShape()},
		siteconfig.Member{Name: "integration", Shape: siteconfig.Text(0, 256)},
	),
	Named:   namedBy("extensionPoint"),
	Summary: "Extensions: what is asked within a call.",
}

// namedBy is the rule for objects that hold their own name in the member.
func namedBy(member string) func(name string, doc json.RawMessage) error {
	return func(name string, doc json.RawMessage) error {
		if textOf(doc, member) != name {
			return gigya.InvalidArgumentBecause(member, "the object has another name")
		}
		return nil
	}
}

// extensionPoints are the calls that an extension can be part of.
var extensionPoints = []string{
	"OnBeforeAccountsRegister", "OnBeforeAccountsLogin", "OnBeforeSetAccountInfo", "OnBeforeSocialLogin", "OnBeforeResetPassword",
	"OnBeforeSendSMS", "OnPasswordComplexityCheck",
}

// extensionID is the id of the extension of a point, the same for every member of a site group.
func extensionID(group, point string) string { return derivedID("extension", group, point) }

// findExtension returns the extension of the id; one that is not there is 404000.
func findExtension(c *method.Invocation, entries []siteconfig.Entry, id string) (*siteconfig.Entry, error) {
	for i := range entries {
		if extensionID(c.Site.Group, entries[i].Name) == id {
			return &entries[i], nil
		}
	}
	return nil, gigya.NewError(gigya.NotFound, "There is no extension with this extensionId")
}

// showExtension returns the extension with its members in the recorded order, of which none is missing.
func (d Deps) showExtension(ctx context.Context, c *method.Invocation, e *siteconfig.Entry) (*document.Object, error) {
	// Headers are the parent's always: a member cannot set them.
	stored, err := d.shownHeaders(ctx, c, extensionKind, c.Site.Group, e.Document, "accounts.extensions.modify")
	if err != nil {
		return nil, err
	}
	shown := &document.Object{}
	shown.Set("id", document.String(extensionID(c.Site.Group, e.Name)))
	for _, m := range []struct {
		name   string
		absent document.Value
	}{
		{"extensionPoint", document.String(e.Name)},
		{"friendlyName", document.String("")},
		{"description", document.String("")},
		{"extensionFuncUrl", document.String("")},
		{"enabled", document.Boolean(false)},
		{"timeout", document.Int(1000)},
		{"fallback", document.String("IgnoreAllErrors")},
		{"headers", document.ArrayOf()},
		{"integration", document.String("Generic")},
	} {
		v, _ := stored.Get(m.name)
		if v.IsNull() {
			v = m.absent
		}
		shown.Set(m.name, v)
	}
	shown.Set("created", document.String(sevenDecimals(e.Created)))
	shown.Set("lastModified", document.String(sevenDecimals(e.Updated)))
	return shown, nil
}

// sevenDecimals is a time as recordings of extensions have it.
func sevenDecimals(m clock.Millis) string {
	return m.Time().Format(time.DateOnly + "T15:04:05.0000000Z")
}

// ExtensionFields are the parameters that describe an extension; absent ones are nil or empty.
type ExtensionFields struct {
	Description string `param:"description,len=4096"`
	// Timeout is in milliseconds.
	Timeout  *int64 `param:"timeout,min=10,max=5000"`
	Fallback string `param:"fallback"`
	// Headers is a JSON array of {name, value}.
	Headers     string `param:"headers,len=131072"`
	Integration string `param:"integration,len=256"`
	Enabled     *bool  `param:"enabled"`
}

// changes returns what the parameters set, url and name among them if they are not empty.
func (f *ExtensionFields) changes(c *method.Invocation, url, name string) (*document.Object, error) {
	o := &document.Object{}
	for _, m := range []struct{ name, text string }{
		{"friendlyName", name}, {"extensionFuncUrl", url}, {"fallback", f.Fallback}, {"integration", f.Integration},
	} {
		if m.text != "" {
			o.Set(m.name, document.String(m.text))
		}
	}
	if _, sent := c.Raw.Lookup("description"); sent {
		o.Set("description", document.String(f.Description))
	}
	if f.Timeout != nil {
		o.Set("timeout", document.Int(*f.Timeout))
	}
	if f.Headers != "" {
		headers, err := jsonArray("headers", f.Headers)
		if err != nil {
			return nil, err
		}
		o.Set("headers", headers)
	}
	if f.Enabled != nil {
		o.Set("enabled", document.Boolean(*f.Enabled))
	}
	return o, nil
}

// changeExtension runs the change of one extension in a transaction with which the call has succeeded.
func (d Deps) changeExtension(ctx context.Context, c *method.Invocation, id string, change func(store.Tx, *siteconfig.Entry) error) error {
	return d.Store.Change(ctx, func(tx store.Tx) error {
		entries, err := d.Config.ListIn(tx, c.Site, extensionKind)
		if err != nil {
			return err
		}
		e, err := findExtension(c, entries, id)
		if err != nil {
			return err
		}
		if err := change(tx, e); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
}
