package audit

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Mask stands where a value was left out.
const Mask = "***"

// sensitive are the parameters, in lower case, whose values are never written down, beside those that end as
// sensitiveEndings do.
var sensitive = map[string]bool{
	"sig": true, "querysig": true, "uidsig": true, "uidsignature": true, "friendshipsignature": true,
	"code": true, "authcode": true, "backupcode": true, "verificationcode": true, "otp": true, "pin": true,
	"secretanswer": true, "gltexp": true, "gmidticket": true, "samlresponse": true, "samldata": true,
	"hashedpassword": true, "compoundhashedpassword": true, "pwhashsalt": true, "hash": true, "salt": true, "cookievalue": true,
	"authorization": true, "privatekey": true, "providersessions": true, "sessioninfo": true, "jwt": true,
	// Headers of webhooks and extensions hold credentials as a rule.
	"headers": true,
}

// secertKey is how the wire spells the secret of one social provider.
var sensitiveEndings = []string{
	"token", "secret", "password", "passcode", "passphrase", "assertion", "privatekey", "secretkey", "secertkey", "accesskey", "accountkey",
	"credential", "credentials",
}

// Sensitive tells whether the value of a parameter or member of this name is a secret, a password, a token, a signature
// or a code. Letter case does not matter.
func Sensitive(name string) bool {
	const longest = 256
	if len(name) > longest {
		return true
	}
	name = strings.ToLower(name)
	if sensitive[name] {
		return true
	}
	for _, ending := range sensitiveEndings {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// maxParsed is how much JSON is read for one record, in bytes: the tree of a text takes more than a hundred times its size.
const maxParsed = 64 << 10

// masker writes the values of one record down.
type masker struct {
	// longest is how much of a value is kept, in bytes; left is how much JSON may still be read.
	longest, left int
	personal      *Personal
}

// safe returns what of a parameter's value may be written down. Inside of JSON the same names are masked; JSON that cannot
// be read, or is too much to read, cannot be searched for secrets and is masked as a whole.
func (m *masker) safe(name, value string) string {
	switch {
	case value == "":
		return ""
	case Sensitive(name), strings.EqualFold(name, "userKey") && !keyLike(value):
		return Mask
	}
	if trimmed := strings.TrimLeft(value, " \t\r\n"); trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		if len(trimmed) > m.left {
			return Mask
		}
		m.left -= len(trimmed)
		parsed, err := document.Parse([]byte(trimmed))
		if err != nil {
			return Mask
		}
		parsed = masked(parsed)
		if m.personal.touches(name) {
			parsed = m.personal.replaced(parsed)
		}
		value = string(parsed.AppendJSON(nil))
	} else if m.personal.touches(name) {
		value = m.personal.replace(value)
	}
	if len(value) > m.longest {
		return strings.ToValidUTF8(value[:m.longest], "") + "…"
	}
	return value
}

// keyLike tells whether the text may be a user key. What is no user key in that parameter may be a secret that went into
// the wrong one.
func keyLike(text string) bool {
	const longest = 24
	return len(text) <= longest && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// siteKeyLike tells whether the text may be the API key of a site, which is no secret.
func siteKeyLike(text string) bool {
	return len(text) > 1 && text[0] >= '0' && text[0] <= '9' && text[1] == '_'
}

// masked returns the value with sensitive members masked, at any depth. It alters the objects in it.
func masked(v document.Value) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		named, _ := o.Get("paramName")
		for _, name := range o.Names() {
			member, _ := o.Get(name)
			// A step of a dataflow may name what it passes on beside the value. An API key that is of no site is a secret elsewhere.
			hidden := Sensitive(name) || name == "value" && Sensitive(named.Str()) ||
				strings.EqualFold(name, "apiKey") && !siteKeyLike(member.Str())
			switch {
			case !hidden:
				o.Set(name, masked(member))
			case !member.IsNull():
				o.Set(name, document.String(Mask))
			}
		}
	case document.KindArray:
		items := make([]document.Value, 0, len(v.Items()))
		for _, item := range v.Items() {
			items = append(items, masked(item))
		}
		return document.ArrayOf(items...)
	}
	return v
}
