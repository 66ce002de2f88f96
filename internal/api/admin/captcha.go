package admin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// captchaKind holds the CAPTCHA keys of a site: {type: {Key, Secret}}, in which a type is a number from 1. The methods
// admin.captcha.* and the pairs of a site's configuration are two views of it.
var captchaKind = &siteconfig.Kind{
	Name: "captcha", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentMerged, Secrets: []string{"*.Secret"},
	Shape: siteconfig.Map(maxCaptchaType, siteconfig.Object(
		siteconfig.Member{Name: "Key", Shape: siteconfig.Text(0, 1024)},
		siteconfig.Member{Name: "Secret", Shape: siteconfig.Text(0, 1024)},
	)),
	Summary: "The keys of CAPTCHA providers, by type: 1 reCAPTCHA v2, 2 invisible, 3 reCAPTCHA v3, 4 FunCaptcha.",
}

// maxCaptchaType is the highest type that is taken. Those from 5 are kept for clients that know what they mean.
const maxCaptchaType = 9

// captchaPair are the names of the pairs in a site's configuration, with their types.
var captchaPair = []struct{ name, kind string }{{"invisibleRecaptcha", "2"}, {"recaptchaV2", "1"}, {"funCaptcha", "4"}}

// captchaKeys are the keys that are in force for the site, or that it has set itself.
func (d Deps) captchaKeys(ctx context.Context, s *site.Site, own bool) (*document.Object, error) {
	read := d.Config.Get
	if own {
		read = d.Config.Own
	}
	text, err := read(ctx, s, captchaKind, "")
	if errors.Is(err, store.ErrNotFound) {
		return &document.Object{}, nil
	}
	if err != nil {
		return nil, err
	}
	return document.ParseStored(text)
}

// captchaPairs are the pairs of a site's configuration; with own those alone that the site has set itself.
func (d Deps) captchaPairs(ctx context.Context, s *site.Site, own bool) (*document.Object, error) {
	keys, err := d.captchaKeys(ctx, s, own)
	if err != nil {
		return nil, err
	}
	pairs := &document.Object{}
	for _, p := range captchaPair {
		v, set := keys.Get(p.kind)
		if own && !set {
			continue
		}
		pairs.Set(p.name, object("SiteKey", document.String(member(v, "Key")), "Secret", document.String(member(v, "Secret"))))
	}
	return pairs, nil
}

// member is a text of an object; empty: it has none.
func member(v document.Value, name string) string {
	text, _ := v.Object().Get(name)
	return text.Str()
}

// readCaptcha reads the pairs. The original shows SiteKey and Secret and takes siteKey and secret too; an empty object is an
// empty pair.
func (s *siteChange) readCaptcha(p *SetSiteConfigParams) error {
	for i, text := range []string{p.InvisibleRecaptcha, p.RecaptchaV2, p.FunCaptcha} {
		if text == "" {
			continue
		}
		name := captchaPair[i].name
		sent, err := parsedObject(name, text)
		if err != nil {
			return err
		}
		pair := &document.Object{}
		pair.Set("Key", document.String(""))
		pair.Set("Secret", document.String(""))
		for sentName, value := range sent.All() {
			as, known := map[string]string{"SiteKey": "Key", "siteKey": "Key", "Secret": "Secret", "secret": "Secret"}[sentName]
			switch {
			case !known || value.IsNull():
				continue
			case value.Kind() != document.KindString:
				return gigya.InvalidArgumentBecause(name+"."+sentName, "want a text")
			}
			pair.Set(as, value)
		}
		s.captcha.Set(captchaPair[i].kind, document.FromObject(pair))
	}
	return nil
}

// putCaptcha replaces the keys of the types that are sent.
func (d Deps) putCaptcha(tx store.Tx, s *site.Site, sent *document.Object) error {
	text, err := d.Config.OwnIn(tx, s, captchaKind, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	keys, err := document.ParseStored(text)
	if err != nil {
		return err
	}
	for kind, pair := range sent.All() {
		keys.Set(kind, pair)
	}
	return d.Config.Put(tx, s, captchaKind, "", json.RawMessage(keys.JSON()))
}
