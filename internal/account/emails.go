package account

import (
	"encoding/json"
	"slices"

	"github.com/doorward/doorward/internal/document"
)

// Emails are the addresses of an account, normalized.
type Emails struct {
	Verified, Unverified []string
}

// ParseEmails reads what an account holds; anything that is no text is left out.
func ParseEmails(raw json.RawMessage) Emails {
	return Emails{Verified: texts(raw, "verified"), Unverified: texts(raw, "unverified")}
}

// Has tells whether the address is among them.
func (e Emails) Has(address string) bool {
	return slices.Contains(e.Verified, address) || slices.Contains(e.Unverified, address)
}

// JSON returns the stored form, which is the wire's: both arrays are there, empty or not (recorded).
func (e Emails) JSON() json.RawMessage {
	dst := append(room(e.Verified, e.Unverified), `{"verified":`...)
	dst = appendTexts(dst, e.Verified)
	dst = appendTexts(append(dst, `,"unverified":`...), e.Unverified)
	return append(dst, '}')
}

// LoginIDs are the identifiers that an account logs in with.
type LoginIDs struct {
	// Username keeps its spelling; empty: none.
	Username string
	// Emails are verified, Unverified not; both normalized.
	Emails, Unverified []string
}

// ParseLoginIDs reads what an account holds.
func ParseLoginIDs(raw json.RawMessage) LoginIDs {
	l := LoginIDs{Emails: texts(raw, "emails"), Unverified: texts(raw, "unverifiedEmails")}
	if name, ok := document.Member(raw, "username"); ok {
		l.Username, _ = document.Text(name)
	}
	return l
}

// HasEmail tells whether the normalized address is a login identifier.
func (l LoginIDs) HasEmail(address string) bool {
	return slices.Contains(l.Emails, address) || slices.Contains(l.Unverified, address)
}

// Holds tells whether the normalized text is a login identifier: a user name or an address.
func (l LoginIDs) Holds(text string) bool {
	return l.HasEmail(text) || (l.Username != "" && Normalize(l.Username) == text)
}

// Empty tells whether there is nothing to log in with.
func (l LoginIDs) Empty() bool {
	return l.Username == "" && len(l.Emails) == 0 && len(l.Unverified) == 0
}

// JSON returns the stored form: username only if there is one, both arrays always (recorded).
func (l LoginIDs) JSON() json.RawMessage {
	dst := append(room(l.Emails, l.Unverified, []string{l.Username}), '{')
	if l.Username != "" {
		dst = append(dst, `"username":`...)
		dst = append(document.AppendString(dst, l.Username), ',')
	}
	dst = appendTexts(append(dst, `"emails":`...), l.Emails)
	dst = appendTexts(append(dst, `,"unverifiedEmails":`...), l.Unverified)
	return append(dst, '}')
}

func texts(raw json.RawMessage, name string) []string {
	array, ok := document.Member(raw, name)
	if !ok {
		return nil
	}
	var list []string
	// What cannot be read is as good as absent: the text was written by this package.
	_ = document.Elements(array, func(item []byte) bool {
		if s, ok := document.Text(item); ok {
			list = append(list, s)
		}
		return true
	})
	return list
}

// room is an empty text with room for a document of the lists.
func room(lists ...[]string) []byte {
	size := len(`{"username":,"emails":[],"unverifiedEmails":[]}`)
	for _, list := range lists {
		for _, s := range list {
			size += len(s) + len(`"",`)
		}
	}
	return make([]byte, 0, size)
}

func appendTexts(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = document.AppendString(dst, s)
	}
	return append(dst, ']')
}

// without returns the list without the text, in a new slice.
func without(list []string, text string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == text })
}

// with returns the list with the text at its end, if it is not there already.
func with(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(slices.Clip(list), text)
}
