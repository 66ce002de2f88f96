package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/doorward/doorward/internal/store"
)

// Bounds of login identifiers, in bytes of what was given and of its normalized form, which may be longer. The e-mail bounds are those of the default profile
// schema's own format.
const (
	MaxEmail    = 320
	maxLocal    = 64
	maxDomain   = 255
	maxLabel    = 63
	MaxUsername = 252
	// MaxUID bounds the UIDs that sites choose themselves.
	MaxUID = 252
)

// Normalize returns the form in which login identifiers are compared and unique: without blanks around it, Unicode
// composed (NFC), lower case. Two spellings that a person takes for the same identifier have the same form.
func Normalize(text string) string {
	text = strings.TrimSpace(text)
	if plain(text) {
		return strings.ToLower(text)
	}
	// Lowering may yield marks that compose once more, so it is composed after.
	return norm.NFC.String(strings.ToLower(norm.NFC.String(text)))
}

func plain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// LoginIdentifier returns the record key of the text as a login identifier. User names and login addresses share one
// space: none may equal another.
func LoginIdentifier(text string) store.Identifier {
	return store.Identifier{Space: store.LoginSpace, Value: Normalize(text)}
}

// ValidEmail tells whether the text has the form of an e-mail address: one @, a local part of up to 64 bytes, a domain of
// two labels or more. Letters of any script are allowed; blanks, control characters and the characters that separate
// addresses in a mail header are not.
func ValidEmail(text string) bool {
	text = strings.TrimSpace(text)
	if len(text) > MaxEmail || !plain(text) && (!utf8.ValidString(text) || len(Normalize(text)) > MaxEmail) {
		return false
	}
	local, domain, ok := strings.Cut(text, "@")
	if !ok || local == "" || len(local) > maxLocal || len(domain) > maxDomain {
		return false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		switch r {
		case '(', ')', '<', '>', '[', ']', '\\', ',', ';', ':', '"':
			return false
		}
		if !graphic(r) {
			return false
		}
	}
	return validDomain(domain)
}

func validDomain(domain string) bool {
	labels := 0
	for label := range strings.SplitSeq(domain, ".") {
		labels++
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return labels >= 2
}

// ValidUsername tells whether the text can be a user name: 1 to 252 bytes, no blanks around it, no control characters,
// and not the look of an e-mail address unless it is one (the two share a space).
func ValidUsername(text string) bool {
	if text == "" || len(text) > MaxUsername || strings.TrimSpace(text) != text || !utf8.ValidString(text) ||
		len(Normalize(text)) > MaxUsername {
		return false
	}
	for _, r := range text {
		if r != ' ' && !graphic(r) {
			return false
		}
	}
	return !strings.Contains(text, "@") || ValidEmail(text)
}

// graphic excludes blanks, control and format characters (direction marks and their like), private and unassigned ones.
func graphic(r rune) bool {
	return r != unicode.ReplacementChar && (r < utf8.RuneSelf && r > ' ' && r < 0x7f || r >= utf8.RuneSelf && unicode.IsGraphic(r) && !unicode.IsSpace(r))
}

// ValidUID tells whether a site may give the text as a UID: ASCII letters, digits and punctuation, 1 to 252.
func ValidUID(text string) bool {
	if text == "" || len(text) > MaxUID {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}
