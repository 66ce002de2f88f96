package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Personal says what becomes of personal parameters in records: those that say something about a person, such as profile,
// data, e-mail addresses and login names, and queries, which have such things in them. The account's UID and the address of
// the client stay: without them a record says nothing.
type Personal struct {
	mode personalMode
	key  []byte
}

type personalMode int

const (
	keepPersonal personalMode = iota
	pseudonymizePersonal
	omitPersonal
)

// The names of the modes, as the setting has them.
const (
	PersonalKept          = "keep"
	PersonalPseudonymized = "pseudonymize"
	PersonalOmitted       = "omit"
)

// NewPersonal returns the rule of the name; empty: [PersonalKept]. Under [PersonalPseudonymized] a value is replaced by a text that
// is the same for equal values and says nothing to who has not the key; under [PersonalOmitted] by [Mask]. Both leave the names
// of members, so that a record still tells which fields were sent.
func NewPersonal(name string, key []byte) (Personal, error) {
	switch name {
	case "", PersonalKept:
		return Personal{}, nil
	case PersonalPseudonymized:
		return Personal{pseudonymizePersonal, key}, nil
	case PersonalOmitted:
		return Personal{mode: omitPersonal}, nil
	}
	return Personal{}, fmt.Errorf("personal data in the audit log: %q is none of %s, %s and %s", name, PersonalKept, PersonalPseudonymized, PersonalOmitted)
}

// personal are the parameters, in lower case, that say something about a person.
var personal = map[string]bool{
	"profile": true, "data": true, "preferences": true, "subscriptions": true, "communications": true, "internal": true,
	"account": true, "identities": true, "identity": true, "userinfo": true, "emails": true, "email": true, "loginid": true,
	"loginids": true, "username": true, "newemail": true, "phone": true, "phonenumber": true, "phones": true, "addresses": true,
	"firstname": true, "lastname": true, "nickname": true, "birthyear": true, "query": true, "attributes": true, "customidentifiers": true,
	"addloginemails": true, "removeloginemails": true, "findby": true, "restrictedquery": true, "x_userinfo": true,
	"secretquestion": true, "secretquestionandanswer": true,
}

// touches tells whether the rule changes the parameter.
func (p *Personal) touches(name string) bool {
	return p.mode != keepPersonal && personal[strings.ToLower(name)]
}

// details returns what may be written down of the details of an error. What is wrong with a personal parameter is said with parts of
// its value: of that the name alone is kept.
func (p *Personal) details(text string) string {
	const intro = "Invalid argument: "
	path, said := strings.CutPrefix(text, intro)
	if !said {
		return text
	}
	path, _, _ = strings.Cut(path, ":")
	name, _, _ := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	if !p.touches(name) {
		return text
	}
	return intro + path
}

// replace returns what stands for the text.
func (p *Personal) replace(text string) string {
	if text == "" || text == Mask {
		return text
	}
	if p.mode == omitPersonal {
		return Mask
	}
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(text))
	return "~" + hex.EncodeToString(h.Sum(nil)[:8])
}

// replaced returns the value with what it says replaced at any depth. It alters the objects in it.
func (p *Personal) replaced(v document.Value) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		for _, name := range o.Names() {
			member, _ := o.Get(name)
			o.Set(name, p.replaced(member))
		}
	case document.KindArray:
		items := make([]document.Value, 0, len(v.Items()))
		for _, item := range v.Items() {
			items = append(items, p.replaced(item))
		}
		return document.ArrayOf(items...)
	case document.KindString:
		return document.String(p.replace(v.Str()))
	case document.KindNumber, document.KindBool:
		return document.String(p.replace(string(v.AppendJSON(nil))))
	}
	return v
}
