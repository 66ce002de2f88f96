package audit

import (
	"regexp"
	"slices"
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

// sensitiveParts are what names of the parameters of a dataflow's steps, and of the members of social providers, have in them that
// hold a secret. Both are of many makers, whose names end in anything.
var sensitiveParts = []string{"password", "passphrase", "secret", "secert", "privatekey", "accountkey", "token", "credential", "apikey"}

// sensitiveInStep is [Sensitive] for a parameter of a step.
func sensitiveInStep(name string) bool {
	lower := strings.ToLower(name)
	return Sensitive(name) || strings.HasPrefix(lower, "sas") ||
		slices.ContainsFunc(sensitiveParts, func(part string) bool { return strings.Contains(lower, part) })
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
// be read, or is too much to read, cannot be searched for secrets and is masked as a whole. So is any other text that has
// such a name in it as JSON has names: it was meant for JSON.
func (m *masker) safe(name, value string) string {
	switch {
	case value == "":
		return ""
	case Sensitive(name), strings.EqualFold(name, "userKey") && !keyLike(value):
		return Mask
	}
	if parsed, ok := m.parse(value); ok {
		parsed = m.masked(parsed, strings.EqualFold(name, "providers"))
		if m.personal.touches(name) {
			parsed = m.personal.replaced(parsed)
		}
		return m.cut(string(parsed.AppendJSON(nil)))
	}
	if trimmed := strings.TrimLeft(value, space); trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		return Mask
	}
	if m.personal.touches(name) {
		return m.cut(m.personal.replace(value))
	}
	if value = m.cut(value); namesSecret(value) {
		return Mask
	}
	return value
}

// space is what may stand before JSON.
const space = " \t\r\n"

// parse returns a text as JSON: an object, an array, or a text, in which there may be JSON again. What is more than may
// still be read is none.
func (m *masker) parse(text string) (document.Value, bool) {
	text = strings.TrimLeft(text, space)
	if text == "" || !strings.Contains(`{["`, text[:1]) || len(text) > m.left {
		return document.Value{}, false
	}
	m.left -= len(text)
	parsed, err := document.Parse([]byte(text))
	return parsed, err == nil
}

// cut returns the part of the text that is kept.
func (m *masker) cut(text string) string {
	if len(text) > m.longest {
		return strings.ToValidUTF8(text[:m.longest], "") + "…"
	}
	return text
}

// quotedName is a name as JSON has them, in JSON that is quoted itself too.
var quotedName = regexp.MustCompile(`([0-9A-Za-z_-]+)\\*["']\s*:`)

// namesSecret tells whether a text that is no JSON has the name of a secret in it as JSON would.
func namesSecret(text string) bool {
	if !strings.ContainsAny(text, `"'`) {
		return false
	}
	for _, found := range quotedName.FindAllStringSubmatch(text, -1) {
		if Sensitive(found[1]) {
			return true
		}
	}
	return false
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

// masked returns the value with sensitive members masked, at any depth, also in texts that are JSON. step: the value is in
// the parameters of a step, or a social provider. It alters the objects in the value.
func (m *masker) masked(v document.Value, step bool) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		named, _ := o.Get("paramName")
		for _, name := range o.Names() {
			member, _ := o.Get(name)
			switch {
			case !hidden(name, named.Str(), member, step):
				o.Set(name, m.masked(member, step || name == "params"))
			case !member.IsNull():
				o.Set(name, document.String(Mask))
			}
		}
	case document.KindArray:
		items := make([]document.Value, 0, len(v.Items()))
		for _, item := range v.Items() {
			items = append(items, m.masked(item, step))
		}
		return document.ArrayOf(items...)
	case document.KindString:
		if parsed, ok := m.parse(v.Str()); ok {
			return document.String(string(m.masked(parsed, step).AppendJSON(nil)))
		}
		if namesSecret(v.Str()) {
			return document.String(Mask)
		}
	}
	return v
}

// hidden tells whether a member is masked. named is what the object calls the member value: a step of a dataflow may name what
// it passes on beside it.
func hidden(name, named string, member document.Value, step bool) bool {
	sensitive := Sensitive
	if step {
		sensitive = sensitiveInStep
	}
	if strings.EqualFold(name, "apiKey") {
		return !siteKeyLike(member.Str()) // One that is of no site is a secret elsewhere.
	}
	return sensitive(name) || name == "value" && sensitive(named)
}
