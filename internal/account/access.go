package account

import (
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/document"
)

// open are the members of an account, in lower case, that need no right over fields: who it is, and its times.
var open = map[string]bool{
	"uid": true, "uidsignature": true, "signaturetimestamp": true, "isregistered": true, "isconnected": true, "isloggedin": true,
	"issiteuid": true, "istempuser": true, "issiteuser": true, "channel": true, "capabilities": true,
	"hasfullaccount": true, "hasliteaccount": true, "accounttypes": true,
	"created": true, "createdtimestamp": true, "lastlogin": true, "lastlogintimestamp": true,
	"lastupdated": true, "lastupdatedtimestamp": true, "registered": true, "registeredtimestamp": true,
	"oldestdataupdated": true, "oldestdataupdatedtimestamp": true, "oldestdataage": true,
}

// governs are the members whose rights are those of another one.
var governs = map[string]string{
	"email": "profile.email", "lockeduntil": "isLockedOut", "verified": "isVerified", "verifiedtimestamp": "isVerified",
	"loginprovider": "identities", "loginprovideruid": "identities", "providers": "identities", "socialproviders": "identities",
	"unverifiedemails": "emails",
}

// Access returns the rights over what the path of a row or an answer names, of a caller whose rights over accounts these are.
// Members that need none are readable by everybody.
func Access(f *acl.Fields, path ...string) *acl.Fields {
	if len(path) == 0 {
		return f
	}
	folded := strings.ToLower(path[0])
	if open[folded] {
		return acl.FullFields
	}
	if other := governs[folded]; other != "" {
		return f.At(strings.Split(other, ".")...)
	}
	return f.At(path...)
}

// AppendReadable appends to dst, which ends with the brace of an object or with a member of it, those of the members, a JSON
// object, that the rights let be read. at maps the name of a member to its path; nil: the name itself.
func AppendReadable(dst []byte, f *acl.Fields, members []byte, at func(name string) []string) []byte {
	w := writer{dst}
	// The members were written by this package: they cannot fail to be read.
	_ = document.Members(members, func(name string, value []byte) bool {
		path := []string{name}
		if at != nil {
			path = at(name)
		}
		before := len(w.dst)
		w.comma()
		w.dst = append(document.AppendString(w.dst, name), ':')
		var shown bool
		if w.dst, shown = Access(f, path...).AppendFiltered(w.dst, value); !shown {
			w.dst = w.dst[:before]
		}
		return true
	})
	return w.dst
}

// Readable returns of a row, a JSON object, what the rights let be read.
func Readable(f *acl.Fields, row []byte) []byte {
	return append(AppendReadable([]byte{'{'}, f, row, nil), '}')
}

// inUserInfo is the path of a member of userInfo: its own, or that of a field of the profile.
func inUserInfo(name string) []string {
	switch folded := strings.ToLower(name); {
	case folded == "identities" || folded != "email" && (open[folded] || governs[folded] != ""):
		return []string{name}
	}
	return []string{"profile", name}
}

// ReadableUserInfo is [Readable] for a userInfo object.
func ReadableUserInfo(f *acl.Fields, info []byte) []byte {
	return append(AppendReadable([]byte{'{'}, f, info, inUserInfo), '}')
}

// Written is what a call wants to write of an account.
type Written struct {
	// Field is the member. Patch is merged into it: a JSON object; empty: nothing is written. Of a profile the fields of the
	// patch take the place of those that are there.
	Field string
	Patch json.RawMessage
}

// Writes is the whole of a member that is written.
func Writes(field string) Written { return Written{Field: field, Patch: json.RawMessage(`null`)} }

// Unwritable returns the path of the first field that is to be written and that the rights do not let be written; ok: there
// is none.
func Unwritable(f *acl.Fields, all ...Written) (path string, ok bool) {
	if f.All(acl.Write) {
		return "", true
	}
	for _, w := range all {
		if len(w.Patch) == 0 {
			continue
		}
		at := f.At(w.Field)
		var below []string
		if w.Field == "profile" {
			below, ok = at.UnwritableFlat(w.Patch)
		} else {
			below, ok = at.Unwritable(w.Patch)
		}
		if !ok {
			return strings.Join(append([]string{w.Field}, below...), "."), false
		}
	}
	return "", true
}
