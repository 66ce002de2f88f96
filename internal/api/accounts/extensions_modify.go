package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// ModifyExtensionParams are the parameters of accounts.extensions.modify.
type ModifyExtensionParams struct {
	ExtensionParams
	ExtensionFuncURL string `param:"extensionFuncUrl,len=2048"`
	FriendlyName     string `param:"friendlyName,len=256"`
	// ExtensionPoint cannot change; clients send the value that it has.
	ExtensionPoint string `param:"extensionPoint"`
	ExtensionFields
}

// modifyExtension serves accounts.extensions.modify: changes what is sent of an extension.
//
// Callers: server credentials. A wrong value is 400006, an unknown id 404000. A member of a site group can change enabled and
// extensionFuncUrl, and what it has changed the parent no longer changes for it; anything else that is not as it is already
// is 400006. Another URL for an extension that has headers of the parent's is 403007 for who may not see those: they are sent there.
//
// Sources: the type definitions of a client; the toolkit.
func modifyExtension(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.extensions.modify",
		Summary: "Changes an extension.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; extensions are called later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ModifyExtensionParams]) (method.None, error) {
		p := &c.Params
		changes, err := p.changes(c.Invocation, p.ExtensionFuncURL, p.FriendlyName)
		if err != nil {
			return method.None{}, err
		}
		may, err := c.MayAt(ctx, d.Sites, c.Site.Group, c.Method.Spec.Name)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeExtension(ctx, c.Invocation, p.ExtensionID, func(tx store.Tx, e *siteconfig.Entry) error {
			if p.ExtensionPoint != "" && p.ExtensionPoint != e.Name {
				return gigya.InvalidArgumentBecause("extensionPoint", "cannot change: create another extension")
			}
			if !may && redirects(e.Document, changes) {
				return caller.Denied(c.Method.Spec.Name)
			}
			doc, err := d.extensionToStore(tx, c.Invocation, e, changes)
			if err != nil {
				return err
			}
			return d.Config.Put(tx, c.Site, extensionKind, e.Name, doc.JSON())
		})
	})
}

// redirects tells whether the changes give an extension with secrets another URL.
func redirects(extension json.RawMessage, changes *document.Object) bool {
	url, sent := changes.Get("extensionFuncUrl")
	return sent && url.Str() != textOf(extension, "extensionFuncUrl") && string(extensionKind.WithoutSecrets(extension)) != string(extension)
}

// extensionToStore returns what the site itself stores after the changes.
func (d Deps) extensionToStore(tx store.Tx, c *method.Invocation, e *siteconfig.Entry, changes *document.Object) (*document.Object, error) {
	inForce, err := document.ParseObject(e.Document)
	if err != nil {
		return nil, err
	}
	doc := inForce
	if c.Site.IsMember() {
		if doc, err = d.ownExtension(tx, c, e.Name); err != nil {
			return nil, err
		}
	}
	shown, err := document.ParseObject(extensionKind.WithoutSecrets(e.Document))
	if err != nil {
		return nil, err
	}
	for name, v := range changes.All() {
		if c.Site.IsMember() && !slices.Contains(extensionKind.OnChild, name) {
			present, _ := inForce.Get(name)
			if open, _ := shown.Get(name); !present.Equal(v) && !open.Equal(v) {
				return nil, gigya.InvalidArgumentBecause(name, "a member of a site group can change enabled and extensionFuncUrl alone")
			}
			continue
		}
		doc.Set(name, v)
	}
	return doc, nil
}

// ownExtension returns what a member of a site group has stored of the extension.
func (d Deps) ownExtension(tx store.Tx, c *method.Invocation, point string) (*document.Object, error) {
	own, err := d.Config.OwnIn(tx, c.Site, extensionKind, point)
	if errors.Is(err, store.ErrNotFound) {
		return &document.Object{}, nil
	}
	if err != nil {
		return nil, err
	}
	return document.ParseObject(own)
}
