package caller

import (
	"context"
	"errors"
	"html"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Level is what a call is about, and so where a key must hold the right to make it.
type Level uint8

// The levels of calls.
const (
	// AtSite: the call is about the site that its apiKey names.
	AtSite Level = iota
	// AtPartner: the call is about a partner, the one that it names or else the key's own.
	AtPartner
	// Anywhere: the call is about the caller. A right at one site is enough: the answer shows no more than the key reaches.
	Anywhere
)

// Held returns how a server caller holds the method, whose name is in lower case.
func (c *Caller) Held(folded string) *acl.Grants { return c.rights().Method(folded) }

// Fields are the caller's rights over the fields of accounts that are granted one by one: those of a key. All other callers
// have every right here; what a user may see and change of the own account is said by the schema.
func (c *Caller) Fields() *acl.Fields {
	if c.Class != Server {
		return acl.FullFields
	}
	return c.rights().Fields()
}

// rights are those of a server caller: the partner itself has every right.
func (c *Caller) rights() *acl.Rights {
	switch {
	case c.Key == nil:
		return acl.All
	case c.Rights == nil:
		return acl.None
	}
	return c.Rights
}

// DeniedField is [Denied] for a field that the caller may not read, or write.
func DeniedField(methodName, path string) error {
	const longest = 256
	e := Denied(methodName)
	e.Details += "No access to the field " + html.EscapeString(path[:min(len(path), longest)]) + "."
	return e
}

// reach returns the caller, who holds a proven key, with its rights at the place that the call is about, if it has any there
// and the partner is in business. A partner that there is not, one that the key has no right in, and one that the site does
// not belong to are answered alike.
func (v *Resolver) reach(ctx context.Context, r *Request, s *site.Site, c *Caller) (*Caller, error) {
	partner, ok := r.about(s, c.Key.Partner)
	if !ok {
		return nil, Denied(r.MethodName)
	}
	var err error
	if r.Level == AtSite && s != nil {
		c.Rights, err = v.sites.Rights(ctx, c.Key, s)
	} else {
		c.Rights, err = v.rightsIn(ctx, r.Level, c.Key, partner)
	}
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && c.Rights.Empty():
		return nil, Denied(r.MethodName)
	case err != nil:
		return nil, err
	case s != nil:
		return c, nil // The site was looked at, and its partner with it.
	}
	found, err := v.sites.PartnerByID(ctx, partner)
	if err == nil && found.Disabled {
		return nil, gigya.NewError(gigya.UnauthorizedPartner, "")
	}
	return c, err
}

func (v *Resolver) rightsIn(ctx context.Context, level Level, key *site.Key, partner int64) (*acl.Rights, error) {
	if _, err := v.sites.PartnerByID(ctx, partner); err != nil {
		return nil, err
	}
	if level == Anywhere {
		return v.sites.SomeRights(ctx, key, partner)
	}
	return v.sites.PartnerRights(ctx, key, partner)
}

// about returns the id of the partner that the call is about: the one that it names, else that of its site, else the
// caller's own. It is false for a call that names another one than its site has.
func (r *Request) about(s *site.Site, own int64) (partner int64, ok bool) {
	if s != nil {
		own = s.Site.Partner
	}
	named, err := gigya.ParseInt("partnerID", r.Partner) // As the parameter itself is read.
	if err != nil {
		return own, true // Nothing, or no number: that is told when parameters are read.
	}
	return named, s == nil || named == own
}

// OfAnotherPartner tells whether the call names another partner than that of its site, whose secret proved the caller.
func (c *Caller) OfAnotherPartner(r *Request, s *site.Site) bool {
	if c.Class != Server || c.Key != nil || s == nil {
		return false
	}
	_, ok := r.about(s, 0)
	return !ok
}

// Reaches tells whether the key has some right at the site.
func Reaches(ctx context.Context, sites *site.Directory, key *site.Key, s *site.Site) (bool, error) {
	rights, err := sites.Rights(ctx, key, s)
	return err == nil && !rights.Empty(), err
}
