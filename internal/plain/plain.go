// Package plain shows texts of others to people at a terminal: whatever somebody has put into a name, a description or a value, it
// moves no cursor, changes no color, turns no direction of writing and begins no line of its own.
//
// Texts for programs (JSON, NDJSON, logs) have rules of their own and do not come here.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns the text on one line: what cannot be printed stands there as \u001b, tabs and ends of lines among it. Bytes that are
// no UTF-8 become U+FFFD.
func Text(text string) string { return escaped(text, "") }

// Line is [Text] that leaves tabs: for the lines of a text of several lines.
func Line(text string) string { return escaped(text, "\t") }

// Lines is [Text] that leaves tabs and ends of lines: for what is made of several lines here, with names in it that went through
// [Text] themselves.
func Lines(text string) string { return escaped(text, "\t\n") }

func escaped(text, kept string) string {
	bad := func(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune(kept, r) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, bad) {
		return text
	}
	var b strings.Builder
	for _, r := range text { // An invalid byte is U+FFFD here.
		if bad(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
