package accounts

import (
	"encoding/json"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// mayWrite refuses a call (403007) whose caller has not the right to write all of it. It is for keys: what users may change is
// said by the schema.
func mayWrite(c *method.Invocation, all ...account.Written) error {
	if path, ok := account.Unwritable(c.Caller.Fields(), all...); !ok {
		return caller.DeniedField(c.Method.Spec.Name, path)
	}
	return nil
}

// documents are what the parameters of that name write.
func documents(profile, data, preferences, subscriptions method.Object) []account.Written {
	return []account.Written{
		{Field: "profile", Patch: json.RawMessage(profile)}, {Field: "data", Patch: json.RawMessage(data)},
		{Field: "preferences", Patch: json.RawMessage(preferences)}, {Field: "subscriptions", Patch: json.RawMessage(subscriptions)},
	}
}

// written are what the call writes.
func (p *SetAccountInfoParams) written() []account.Written {
	all := append(documents(p.Profile, p.Data, p.Preferences, p.Subscriptions),
		account.Written{Field: "internal", Patch: json.RawMessage(p.Internal)})
	for _, f := range []struct {
		name string
		sent bool
	}{
		{"loginIDs", len(p.AddLoginEmails)+len(p.RemoveLoginEmails) > 0 || p.Username != ""},
		{"password", p.NewPassword != "" || p.SecretQuestion != "" || p.RequirePasswordChange},
		{"isActive", p.IsActive != nil}, {"isVerified", p.IsVerified}, {"isLockedOut", p.IsLockedOut != nil},
		{"regSource", p.RegSource != nil},
	} {
		if f.sent {
			all = append(all, account.Writes(f.name))
		}
	}
	return all
}

// imported are what a whole account writes: all its members but the UID. Documents are taken as patches: what is imported
// over is merged.
func imported(members *document.Object) []account.Written {
	var all []account.Written
	for name, value := range members.All() {
		switch name {
		case "UID", "lang", "dataCenter", "createUID":
		case "profile", "data", "preferences", "subscriptions":
			all = append(all, account.Written{Field: name, Patch: value.AppendJSON(nil)})
		case "secretQuestionAndAnswer":
			all = append(all, account.Writes("password"))
		default:
			all = append(all, account.Writes(name))
		}
	}
	return all
}
