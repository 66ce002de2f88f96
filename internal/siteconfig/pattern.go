package siteconfig

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// anyDepth in a path stands for any number of levels, none too.
const anyDepth = "**"

// Matches tells whether an element of a path of [Kind.Secrets] means the name: * is any name, and a word with * in it is
// compared without regard to letter case, each * standing for any text.
func Matches(element, name string) bool {
	if element == "*" || element == name {
		return true
	}
	parts := strings.Split(strings.ToLower(element), "*")
	if len(parts) == 1 {
		return false
	}
	rest, ok := strings.CutPrefix(strings.ToLower(name), parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[last])
}

// IsSecret tells whether the kind keeps what is at the path, names and places in arrays, sealed.
func (k *Kind) IsSecret(path ...string) bool {
	for _, pattern := range k.Secrets {
		if leads(strings.Split(pattern, "."), path) {
			return true
		}
	}
	return false
}

// leads tells whether the pattern finds what is at the path, or something around it.
func leads(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return true
	case pattern[0] == anyDepth:
		return leads(pattern[1:], path) || len(path) > 0 && leads(pattern, path[1:])
	}
	return len(path) > 0 && Matches(pattern[0], path[0]) && leads(pattern[1:], path[1:])
}

// Decimal is a number within the bounds.
func Decimal(least, most float64) *Shape {
	want := fmt.Sprintf("a number from %v to %v", least, most)
	return &Shape{want: want, kind: document.KindNumber, check: func(v document.Value) error {
		if n, err := strconv.ParseFloat(v.Num(), 64); err != nil || n < least || n > most {
			return fmt.Errorf("must be %s", want)
		}
		return nil
	}}
}
