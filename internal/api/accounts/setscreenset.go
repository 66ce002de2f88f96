package accounts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetScreenSetParams are the parameters of accounts.setScreenSet.
type SetScreenSetParams struct {
	ScreenSetID string `param:"screenSetID,required,len=400"`
	HTML        string `param:"html,required,len=4194304"`
	CSS         string `param:"css,len=4194304"`
	Javascript  string `param:"javascript,len=4194304"`
	// Translations are {language: {key: text}}; the language default has the base texts.
	Translations method.Object `param:"translations,len=4194304"`
	// Metadata may have desc, designerHtml, targetEnv, comment and more; version and lastModified are the server's.
	Metadata method.Object `param:"metadata,len=4194304"`
	// Comment is stored with the version.
	Comment string `param:"comment,len=4096"`
}

// setScreenSet serves accounts.setScreenSet: makes a screen-set, or stores a new version of one.
//
// Callers: server credentials. What is not sent of css, javascript, translations and metadata stays; what is sent replaces what
// was there, and an empty css or javascript takes it away. Each call raises metadata.version by one and sets
// metadata.lastModified. An id that is none is 400006, a screen-set over 2 MiB 413001.
//
// Sources: the type definitions of a client; the toolkit, which leaves out what is empty.
func setScreenSet(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setScreenSet",
		Summary: "Makes a screen-set, or stores a new version of one.",
		Callers: caller.Server,
		Write:   true,
		Partial: "earlier versions are not kept",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetScreenSetParams]) (method.None, error) {
		if err := checkScreenSetID(c.Params.ScreenSetID); err != nil {
			return method.None{}, err
		}
		return method.None{}, d.Store.Change(ctx, func(tx store.Tx) error {
			present, err := d.Config.GetIn(tx, c.Site, screenSetKind, c.Params.ScreenSetID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			doc, err := nextScreenSet(c, present)
			if err != nil {
				return err
			}
			if err := d.Config.Put(tx, c.Site, screenSetKind, c.Params.ScreenSetID, doc.JSON()); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
	})
}

// nextScreenSet returns the version that follows the present one; nil: there is none.
func nextScreenSet(c *method.Call[SetScreenSetParams], present json.RawMessage) (*document.Object, error) {
	p := &c.Params
	var version int64
	old := &document.Object{}
	if present != nil {
		var err error
		if old, err = document.ParseObject(present); err != nil {
			return nil, err
		}
		version = versionOf(present)
	}
	doc := &document.Object{}
	doc.Set("html", document.String(p.HTML))
	for _, m := range []struct{ name, text string }{{"css", p.CSS}, {"javascript", p.Javascript}} {
		v, _ := old.Get(m.name)
		if _, sent := c.Raw.Lookup(m.name); sent || v.IsNull() {
			v = document.String(m.text)
		}
		doc.Set(m.name, v)
	}
	for _, m := range []struct {
		name string
		text method.Object
	}{{"translations", p.Translations}, {"metadata", p.Metadata}} {
		sent, err := object(m.name, m.text)
		if err != nil {
			return nil, err
		}
		if sent == nil {
			kept, _ := old.Get(m.name)
			sent = kept.Object().Clone()
		}
		doc.Set(m.name, document.FromObject(sent))
	}
	metadata, _ := doc.Get("metadata")
	metadata.Object().Set("version", document.Int(version+1))
	metadata.Object().Set("lastModified", document.Int(c.Now.Unix()))
	if p.Comment != "" {
		metadata.Object().Set("comment", document.String(p.Comment))
	}
	return doc, nil
}
