package login

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// DefaultIDTokenLife is the life of an id_token when the caller names none.
const DefaultIDTokenLife = 300 * time.Second

// SigningKeys gives the key that signs at present. *[token.Keyring] is one.
type SigningKeys interface {
	Current(ctx context.Context) (token.Signer, error)
}

// Chosen is a key that was chosen before the call changed anything: what fails afterwards is a call that happened and was
// answered as an error, which no client can repeat.
type Chosen struct{ token.Signer }

// Current implements [SigningKeys].
func (c Chosen) Current(context.Context) (token.Signer, error) { return c.Signer, nil }

// IDToken says what an id_token is to hold.
type IDToken struct {
	APIKey  string
	Account *store.Account
	// Schema tells fields without a value from fields that do not exist. Only looked at when there are Fields.
	Schema *schema.Schema
	Now    time.Time
	// Life is a whole number of seconds.
	Life time.Duration
	// Fields are the paths to turn into claims, as asked.
	Fields []string
	// Audience is the aud claim: none, one text, or an array when there are several.
	Audience []string
	// LoggedIn adds the claim isLoggedIn, which tokens of login-type methods carry.
	LoggedIn bool
}

// IssueIDToken returns the signed token, and of t.Fields those that it left out because they do not exist or are nobody's
// to read. It changes nothing: lastLogin stays as it is.
func IssueIDToken(ctx context.Context, keys SigningKeys, issuer func(apiKey string) string, t IDToken) (text string, ignored []string, err error) {
	signer, err := keys.Current(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("choosing the signing key: %w", err)
	}
	claims, ignored := t.appendClaims(make([]byte, 0, 512), issuer(t.APIKey))
	text, err = token.JWT(signer, claims)
	if err != nil {
		return "", nil, fmt.Errorf("signing the id_token: %w", err)
	}
	return text, ignored, nil
}

// appendClaims appends the payload. The order up to sub is that of tokens of the original (decoded from a public one);
// what follows is ours.
func (t IDToken) appendClaims(dst []byte, issuer string) (claims []byte, ignored []string) {
	issued := t.Now.Unix()
	dst = append(dst, `{"iss":`...)
	dst = document.AppendString(dst, issuer)
	dst = append(dst, `,"apiKey":`...)
	dst = document.AppendString(dst, t.APIKey)
	dst = append(dst, `,"iat":`...)
	dst = strconv.AppendInt(dst, issued, 10)
	dst = append(dst, `,"exp":`...)
	dst = strconv.AppendInt(dst, issued+int64(t.Life/time.Second), 10)
	dst = append(dst, `,"sub":`...)
	dst = document.AppendString(dst, t.Account.UID)
	if t.LoggedIn {
		dst = append(dst, `,"isLoggedIn":true`...)
	}
	dst, ignored = t.appendFields(dst)
	if len(t.Audience) > 0 {
		dst = append(dst, `,"aud":`...)
		dst = appendAudience(dst, t.Audience)
	}
	return append(dst, '}'), ignored
}

func appendAudience(dst []byte, audience []string) []byte {
	if len(audience) == 1 {
		return document.AppendString(dst, audience[0])
	}
	for i, a := range audience {
		dst = append(dst, "[,"[min(i, 1)])
		dst = document.AppendString(dst, a)
	}
	return append(dst, ']')
}

// appendFields appends one claim for every field that has a value. A field that exists and has none is left out without
// a word; one that does not exist, or that no token shows, is reported.
func (t IDToken) appendFields(dst []byte) (claims []byte, ignored []string) {
	done := make(map[string]bool, len(t.Fields))
	profile := t.Account.Profile
	if slices.ContainsFunc(t.Fields, showsAge) {
		profile, _ = document.Member(account.Row(t.Account, t.Now), "profile")
	}
	for _, field := range t.Fields {
		section, rest := splitField(field)
		claim := rest
		if section != "profile" || rest == "" {
			claim = field
		}
		if done[claim] {
			continue
		}
		done[claim] = true
		text := t.section(section, profile)
		if reserved[claim] || !readable(section) {
			ignored = append(ignored, field)
			continue
		}
		value, ok := lookup(text, rest)
		if !ok {
			if !t.exists(section, rest) {
				ignored = append(ignored, field)
			}
			continue
		}
		dst = append(dst, ',')
		dst = document.AppendString(dst, claim)
		dst = append(dst, ':')
		dst = append(dst, value...)
	}
	return dst, ignored
}

// exists tells whether the schema knows the path, which has no value in this account. Preferences and subscriptions
// belong to consent and have fields of their own making; a whole section always exists.
func (t IDToken) exists(section, rest string) bool {
	if rest == "" {
		return true
	}
	return t.Schema != nil && t.Schema.Has(section+"."+rest)
}

// reserved are the claims that mean something to whoever checks the token: no field may stand in their place.
var reserved = map[string]bool{
	"iss": true, "apiKey": true, "iat": true, "exp": true, "sub": true, "aud": true, "nbf": true, "jti": true, "isLoggedIn": true,
}

// splitField splits a path as asked into its section and the path within. A path without a section is the profile's:
// firstName is profile.firstName.
func splitField(field string) (section, rest string) {
	section, rest, _ = strings.Cut(field, ".")
	switch section {
	case "profile", "data", "preferences", "subscriptions", "internal", "password":
		return section, rest
	}
	return "profile", field
}

// readable tells whether the section may appear in a token at all.
func readable(section string) bool { return section != "internal" && section != "password" }

// showsAge tells whether the field holds the age, which is not stored but worked out from the day of birth.
func showsAge(field string) bool {
	return field == "age" || field == "profile.age" || field == "profile"
}

// section returns the document of that name.
func (t IDToken) section(name string, profile json.RawMessage) json.RawMessage {
	switch name {
	case "profile":
		return profile
	case "data":
		return t.Account.Data
	case "preferences":
		return t.Account.Preferences
	case "subscriptions":
		return t.Account.Subscriptions
	}
	return nil
}

// lookup finds the JSON text of the value at the dotted path inside the object. An empty path is the object itself.
func lookup(text json.RawMessage, path string) (json.RawMessage, bool) {
	if len(text) == 0 || path == "" {
		return text, len(text) > 0
	}
	return document.MemberAt(text, strings.Split(path, ".")...)
}
