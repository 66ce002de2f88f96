package admin

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// PartnerParams is the parameter of calls about a partner.
type PartnerParams struct {
	// PartnerID is the partner, a number.
	PartnerID int64 `param:"partnerID,required"`
}

// aboutPartner declares a method that is about a partner: it needs no apiKey.
func aboutPartner(name, summary string) method.Spec {
	return method.Spec{Name: name, Summary: summary, Callers: caller.Server, NoSite: true}
}

// aboutSite declares a method that is about a site.
func aboutSite(name, summary string) method.Spec {
	return method.Spec{Name: name, Summary: summary, Callers: caller.Server}
}

// changing marks a method that changes something.
func changing(s method.Spec) method.Spec {
	s.Write = true
	return s
}

// extension marks a method that the original has not, or that no source shows.
func extension(s method.Spec) method.Spec {
	s.Extension = true
	return s
}

// ownPartner is the partner that a call which names none is about, as it was when the caller's rights were looked for: that of the
// site, else the caller's own; 0: none, which no proven caller has.
func ownPartner(c *method.Invocation) int64 {
	switch {
	case c.Site != nil:
		return c.Site.Site.Partner
	case c.Caller.Key != nil:
		return c.Caller.Key.Partner
	}
	return 0
}

// partner returns the partner that the call names, if the caller holds the right to the call there: a person may belong to several. Any
// other is refused with the words for a missing right, whether there is one of that number or not.
func (d Deps) partner(ctx context.Context, c *method.Invocation, id int64) (*site.Partner, error) {
	p, err := d.Sites.PartnerByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, denied(c)
	}
	if err != nil {
		return nil, err
	}
	if c.Caller.Key == nil {
		if id != ownPartner(c) {
			return nil, denied(c)
		}
		return p, nil
	}
	rights, err := d.Sites.PartnerRights(ctx, c.Caller.Key, id)
	if err != nil {
		return nil, err
	}
	// The limits on parameters may have put another partner's number in place of the one whose rights let the call in.
	if !c.Method.Within(c, rights, c.Method.Right()) {
		return nil, denied(c)
	}
	return p, nil
}

// denied is 403007 in the words for a missing right.
func denied(c *method.Invocation) error { return caller.Denied(c.Method.Spec.Name) }

// change runs the change in one transaction and writes the audit record of the call's success with it.
func (d Deps) change(ctx context.Context, c *method.Invocation, fn func(tx store.Tx) error) error {
	return d.Store.Change(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
}

// deletedSite is the recorded answer to a call about a site that was deleted.
func deletedSite() error { return gigya.NewError(gigya.PermissionDenied, "Site was deleted") }
