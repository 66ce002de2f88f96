package caller

import (
	"html"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Class is the kind of a caller, and in a method's declaration the set of kinds that may call.
type Class uint8

// The classes of callers.
const (
	// Public callers prove nothing: an API key alone.
	Public Class = 1 << iota
	// RegToken callers hold a token of one flow of one user.
	RegToken
	// Session callers are the end user.
	Session
	// Server callers hold a partner secret or a key.
	Server
)

// Has tells whether the set contains the class.
func (c Class) Has(x Class) bool { return c&x != 0 }

// Caller is who calls, proven.
type Caller struct {
	Class Class
	// Via names the credential, for the log and the audit: "partnerSecret", "userKey", "signature", "bearer",
	// "oauth", "session", "regToken", "none".
	Via string
	// Key is the user key or application of a server caller; nil: the partner itself.
	Key *site.Key
	// Rights are those of the key where the call is about; nil for a key: none. Of the partner itself they are not looked at.
	Rights *acl.Rights
	// Secret is the decoded secret of a server caller: the partner's or the key's. Nil for a key with an RSA pair only.
	Secret []byte
	// UID is the user of a session.
	UID string
	// Session is the session of a Session caller; for an OAuth 2 user token the one that the token stands on.
	Session *store.Session
	// Ambient tells that a cookie proved the session: a browser sends it from every page, so the page must be trusted.
	Ambient bool
	// RegToken is what the token of a RegToken caller says. That it is of the account's present epoch is checked by who
	// reads the account.
	RegToken *token.RegToken
}

// Permitted tells whether the caller may call a method, with some parameters, that lists the classes and asks for the
// privilege, whose name is in lower case. Server credentials may call every method that their rights hold, the partner itself
// all; sessions the methods that list them or everybody; everyone else only what is listed.
func (c *Caller) Permitted(accepts Class, privilege string) bool {
	switch c.Class {
	case Server:
		return c.Held(privilege).Held()
	case Session:
		return accepts.Has(Session) || accepts.Has(Public)
	}
	return accepts.Has(c.Class)
}

// Denied is 403007 for the method, with the recorded text: one text for "no such method" and "not allowed", quotes as
// HTML entities, a blank at the end.
func Denied(methodName string) *gigya.Error {
	const longest = 256
	namespace, name, _ := strings.Cut(methodName[:min(len(methodName), longest)], ".")
	return gigya.NewError(gigya.PermissionDenied, "Invalid namespace &#39;"+html.EscapeString(namespace)+
		"&#39; or method &#39;"+html.EscapeString(name)+
		"&#39; or you do not have the required permissions to call it. ")
}
