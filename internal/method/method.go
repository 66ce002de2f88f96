package method

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Spec declares a method.
type Spec struct {
	// Name is the canonical name, letter case as documented: accounts.getAccountInfo.
	Name string
	// Aliases are further names that are served the same.
	Aliases []string
	// Summary is one sentence for the reference.
	Summary string
	// Callers are the classes that may call. A server credential may call every method that its privileges allow.
	Callers caller.Class
	// Privilege is what a user key needs; empty: the method's own name.
	Privilege string
	// HTTPS refuses plain HTTP with 400001, whatever the parameters.
	HTTPS bool
	// NoSite: the call is not about a site, apiKey may be missing.
	NoSite bool
	// Anywhere: the call is about the caller, so that a key needs the right at one of its sites at least, or in some of its
	// partner's groups: the answer shows no more than the key reaches.
	Anywhere bool
	// Anonymous looks at no credential at all (accounts.getJWTPublicKey).
	Anonymous bool
	// Write marks methods that change something: every call of one leaves an audit record.
	Write bool
	// Event marks end-user events, which are audited whoever calls, successful or not.
	Event bool
	// OwnCredential: the method reads client_id and client_secret itself (socialize.getToken). It leaves the caller that
	// it proved, and the site that the call turned out to be about, in its Invocation: for the log and the audit.
	OwnCredential bool
	// RegTokenMakesClient: a regToken beside a server credential makes the call a client's: the rules for parameters and
	// fields are then those of clients.
	RegTokenMakesClient bool
	// Unverified: a session of another site of the group may call though its account lacks what this site demands; all other
	// methods answer it 403013.
	Unverified bool
	// CacheControl is the Cache-Control value of a success; empty: private, no-store.
	CacheControl string
	// Extension marks a method of this server alone: the original has none of that name, or no source shows it.
	Extension bool
	// Partial names what of the original is not served yet; empty: all of it is. For the coverage page.
	Partial string
}

// Call is what a handler sees: who calls, for which site, with which parameters.
type Call[P any] struct {
	*Invocation
	Params P
}

// Invocation is the part of a call that is the same for every method.
type Invocation struct {
	Method *Method
	// Site is nil only for methods that are not about a site.
	Site   *site.Site
	Caller *caller.Caller
	// Raw are all parameters as received, control parameters included.
	Raw    *gigya.Params
	CallID string
	// Now is the time of the call: every stamp of one call shows the same instant.
	Now time.Time
	// ClientIP is the end of the chain of trusted proxies.
	ClientIP  netip.Addr
	UserAgent string
	// Secure tells whether the call came by TLS, or a trusted proxy says so.
	Secure bool
	// BaseURL is scheme and host as the client sees them.
	BaseURL string
	// Referrer is the calling page's URL, or empty.
	Referrer string
	// Authorization is the header of that name; only methods with OwnCredential are given it.
	Authorization string
	// Elsewhere returns the error for a site that another installation serves (301001), nil for one of ours; only methods
	// with OwnCredential are given it, for the site that their client names.
	Elsewhere func(*site.Site) error

	// UID is set by the handler: the account that the call is about, for the audit log.
	UID string
	// Withheld are the names, as received, of parameters that the caller's rights do not let it send: they are no part of Raw any
	// more. [Method.Bind] sets it.
	Withheld []string
	// Ignored are what the handler passed over besides the parameters that Bind did not know.
	Ignored []gigya.IgnoredParam
	// Cookies are what the answer sets: device ids.
	Cookies []Cookie
	// Ending makes the audit record of the call as one that ends with the failure, nil: succeeds: see [Invocation.Succeed]. Without
	// it no audit log is kept.
	Ending func(failure *gigya.Error) *store.Audit
	// recorded is how the call ends by the record that its last change wrote; nil: none did.
	recorded *gigya.Code
	// HTTPStatus overrides the status where httpStatusCodes=true (OAuth 2's 401); 0: the envelope's.
	HTTPStatus int
}

// Cookie is a cookie that the answer sets on the server's own host.
type Cookie struct {
	Name, Value string
	MaxAge      time.Duration
}

// Succeed writes the call's audit record in the change with which the call has succeeded, so that neither is ever there
// without the other, and both are one commit. It is the last that the change does, after UID was set. A call whose
// change then fails, or that fails after it, leaves the record of its failure all the same.
func (i *Invocation) Succeed(tx store.Tx) error { return i.end(tx, 0, nil) }

// Interrupt is Succeed for a change after which the call is answered with an error all the same, because the client has to go on:
// an account that is not finalized yet.
func (i *Invocation) Interrupt(tx store.Tx, code gigya.Code, details string) error {
	return i.end(tx, code, gigya.NewError(code, details))
}

func (i *Invocation) end(tx store.Tx, code gigya.Code, failure *gigya.Error) error {
	if i.Ending == nil {
		return nil
	}
	record := i.Ending(failure)
	if record == nil {
		return nil
	}
	i.recorded = &code
	if err := tx.AppendAudit(record); err != nil {
		return fmt.Errorf("writing the audit record: %w", err)
	}
	return nil
}

// Recorded tells whether a change of the call has written the record of this end: nil is a success.
func (i *Invocation) Recorded(failure *gigya.Error) bool {
	if i.recorded == nil {
		return false
	}
	if failure == nil {
		return *i.recorded == 0
	}
	return *i.recorded == failure.Code
}

// Server tells whether server rules hold: a server credential, without a regToken where that makes the difference.
func (i *Invocation) Server() bool {
	if i.Caller.Class != caller.Server {
		return false
	}
	return i.Method == nil || !i.Method.Spec.RegTokenMakesClient || !i.Raw.Has("regToken")
}

// TargetEnv is the parameter targetEnv: "browser" (also when absent), "mobile" or "jssdk".
func (i *Invocation) TargetEnv() string {
	if v := i.Raw.Get("targetEnv"); v != "" {
		return v
	}
	return "browser"
}

// List is a comma list: blanks around the elements and empty elements are dropped.
type List []string

// Object is a parameter whose value is a JSON object: syntactically valid, within the bounds of depth and size.
// nil: absent or empty.
type Object json.RawMessage

// Handler is a method's code.
type Handler[P, R any] func(ctx context.Context, c *Call[P]) (R, error)

// None is the result of a method that answers the envelope alone, and the parameters of one that takes none.
type None struct{}
