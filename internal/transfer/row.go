package transfer

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
)

// maxLine bounds one row of a file, in bytes.
const maxLine = 4 << 20

// A RowError refuses one row; the others are not touched by it.
type RowError struct {
	// Line is that of the row's first character, from 1.
	Line int
	Err  error
}

// Error shows what cannot be printed escaped: names and values of the file stand in it, and it goes to a terminal.
func (e *RowError) Error() string {
	text := fmt.Sprintf("line %d: %v", e.Line, e.Err)
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !unicode.IsPrint(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Row is one account of a file.
type Row struct {
	Line int
	// Members are those of the row, dotted names of CSV already nested.
	Members *document.Object
}

// Reader reads rows until io.EOF. A *RowError says that one row cannot be read and that reading may go on.
type Reader interface {
	Next() (Row, error)
}

// stamps are the members that are times, as ISO texts.
var stamps = []string{"created", "registered", "verified", "lastLogin", "lastUpdated", "oldestDataUpdated"}

// flags are the members that are true or false.
var flags = []string{"isActive", "isRegistered", "isVerified"}

// members are the further names that a row may have.
var members = []string{
	"UID", "email", "username", "password", "loginIDs", "emails", "profile", "data", "preferences", "subscriptions",
	"internal", "regSource", "loginProvider", "socialProviders", "identities", "lastLoginLocation", "phoneNumber",
	"groups", "rbaPolicy", "tfaStatus",
}

// derived are members of an export that are worked out from others.
var derived = []string{
	"createdTimestamp", "registeredTimestamp", "verifiedTimestamp", "lastLoginTimestamp", "lastUpdatedTimestamp",
	"oldestDataUpdatedTimestamp", "iRank", "isLockedOut", "lockedUntil", "UIDSignature", "signatureTimestamp",
}

// known tells whether a row may have a member of the name.
func known(name string) bool {
	return slices.Contains(members, name) || slices.Contains(flags, name) || slices.Contains(stamps, name) ||
		slices.Contains(derived, name)
}

// millis reads an ISO time.
func millis(text string) (clock.Millis, error) {
	if text == "" || text == clock.NeverISO {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return clock.FromTime(t), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time such as 2024-05-31T08:00:00Z", text)
}
