package audit

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// events are the calls that the view of one account has words for, by the end of their names: those of accounts, and those of
// socialize.
var events = map[string]string{
	"accounts.addconnection": "a login of another provider was connected", "accounts.deleteaccount": "the account was deleted",
	"accounts.linkaccounts": "the login was joined with another", "accounts.login": "logged in with a password",
	"accounts.logout": "logged out", "accounts.notifylogin": "logged in, as the site has told", "accounts.register": "registered",
	"accounts.removeconnection": "the login of another provider was taken away", "accounts.resetpassword": "the password was reset",
	"accounts.setaccountinfo": "the account was changed", "accounts.setpassword": "a password was set",
	"accounts.sociallogin":    "logged in by another provider",
	"socialize.addconnection": "a login of another provider was connected", "socialize.deleteaccount": "the account was deleted",
	"socialize.login": "logged in by another provider", "socialize.logout": "logged out",
	"socialize.removeconnection": "the login of another provider was taken away", "socialize.setuid": "the account got another UID",
}

// changed are the parameters of setAccountInfo that the view names.
var changed = []string{"profile", "data", "subscriptions", "preferences", "newPassword"}

// Line is a record as the view of one account tells it.
type Line struct {
	// Time is in ISO form.
	Time string
	// Event is the name of the event: "login", or "Audited Event" for a call that the view has no name for. What says it in
	// words.
	Event, What string
	// By is who did it.
	By string
	// Failed is why it failed; empty: it did not.
	Failed string
	// Address is that of the client.
	Address string
	// Endpoint is the method.
	Endpoint string
}

// View returns the record as the view of one account tells it.
func View(a *store.Audit) Line {
	l := Line{Time: a.Time.ISO(), Event: "Audited Event", What: "a call of " + a.Method, Endpoint: a.Method}
	record, err := document.ParseObject(a.Record)
	if err != nil {
		return l
	}
	if what, ok := events[strings.ToLower(a.Method)]; ok {
		_, l.Event, _ = strings.Cut(a.Method, ".")
		l.What = what
	}
	params, _ := record.Get("params")
	if strings.EqualFold(a.Method, "accounts.setAccountInfo") && params.Kind() == document.KindObject {
		var parts []string
		for _, name := range changed {
			if _, ok := params.Object().Get(name); ok {
				parts = append(parts, strings.TrimPrefix(strings.ToLower(name), "new"))
			}
		}
		if len(parts) > 0 {
			l.What += ": " + strings.Join(parts, ", ")
		}
	}
	l.By = actor(a, text(record, "authType"))
	l.Address = text(record, "sourceIP")
	if a.ErrorCode != 0 {
		l.Failed = text(record, "errCode") + " " + text(record, "errMessage")
	}
	return l
}

func actor(a *store.Audit, authType string) string {
	switch {
	case a.UserKey != "":
		return "the key " + a.UserKey
	case authType == AuthPartnerSecret:
		return "a server, with the partner's secret"
	case authType == AuthBearer:
		return "an application, with a token"
	}
	return "the user"
}

func text(o *document.Object, name string) string {
	if v, ok := o.Get(name); ok && v.Kind() == document.KindString {
		return v.Str()
	}
	return ""
}
