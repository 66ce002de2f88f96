package accounts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// ConsentParams name a consent statement, and a language of it.
type ConsentParams struct {
	ConsentID string `param:"consentId,required"`
	Lang      string `param:"lang,required"`
}

func (p *ConsentParams) check() error {
	if err := consent.CheckID("consentId", p.ConsentID); err != nil {
		return err
	}
	return consent.CheckLanguage("lang", p.Lang)
}

// inGroup tells whether the site is a member of a site group, and not its parent.
func inGroup(s *site.Site) bool { return s.Group != s.APIKey }

// parentOf returns the site that a member of a group inherits from; any other site itself.
func (d Deps) parentOf(ctx context.Context, s *site.Site) (*site.Site, error) {
	if !inGroup(s) {
		return s, nil
	}
	return d.Sites.Site(ctx, s.Group)
}

// consent returns one statement of the site; 404000 if there is none. Callers that are no servers see those that are active.
func (d Deps) consent(ctx context.Context, c *method.Invocation, id string) (json.RawMessage, error) {
	doc, err := d.Config.Get(ctx, c.Site, consent.Kind, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !c.Server() && !consent.Active(doc) {
		return nil, noConsent(id)
	}
	return doc, err
}

func noConsent(id string) error {
	return gigya.NewError(gigya.NotFound, "There is no consent statement "+id)
}

// changeConsent changes one statement in a transaction, with which the call has succeeded. Members of a site group change nothing of
// it but whether it is active, and that elsewhere: 400009.
func (d Deps) changeConsent(ctx context.Context, c *method.Invocation, id string, change func(doc json.RawMessage) (json.RawMessage, error)) error {
	if inGroup(c.Site) {
		return parentsConsent(id)
	}
	return d.configure(ctx, c, func(tx store.Tx) error {
		doc, err := d.Config.OwnIn(tx, c.Site, consent.Kind, id)
		if errors.Is(err, store.ErrNotFound) {
			return noConsent(id)
		}
		if err != nil {
			return err
		}
		if doc, err = change(doc); err != nil {
			return err
		}
		return d.Config.Put(tx, c.Site, consent.Kind, id, doc)
	})
}

// parentsConsent is the recorded refusal for a member of a site group that changes more than it may.
func parentsConsent(id string) error {
	return gigya.NewError(gigya.ValidationFailed, id+" : Only IsActive can modified in child site.")
}

// configure changes configuration objects in one transaction, with which the call has succeeded.
func (d Deps) configure(ctx context.Context, c *method.Invocation, change func(tx store.Tx) error) error {
	return d.Store.Change(ctx, func(tx store.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
}

// member is an answer of one member.
func member(name string, v *document.Object) *document.Object {
	answer := &document.Object{}
	answer.Set(name, document.FromObject(v))
	return answer
}
