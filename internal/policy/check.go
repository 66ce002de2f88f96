package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/pattern"
)

// Check tells whether a password is as the group demands. Lengths are counted in Unicode code points; the four character
// groups are lower case, upper case, digits and all others. regExp has to match somewhere in the password.
func (c PasswordComplexity) Check(password string) bool {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower++
		case unicode.IsUpper(r):
			upper++
		case unicode.IsDigit(r):
			digit++
		default:
			other++
		}
	}
	kinds := 0
	for _, n := range [...]int{lower, upper, digit, other} {
		kinds += min(n, 1)
	}
	switch {
	case utf8.RuneCountInString(password) < c.MinLength, kinds < c.MinCharGroups:
		return false
	case lower < c.MinLowercase, upper < c.MinUppercase, digit < c.MinDigit, other < c.MinSpecialChars:
		return false
	}
	return c.matchesForm(password)
}

func (c PasswordComplexity) matchesForm(password string) bool {
	if c.RegExp == "" {
		return true
	}
	form := c.form
	if form == nil {
		// The group was not made by Parse.
		var err error
		if form, err = pattern.Search(c.RegExp); err != nil {
			return false
		}
	}
	return form.Match(password)
}

// HoldsUnverified tells whether an account whose address was never verified is held back from a session.
func (o AccountOptions) HoldsUnverified() bool { return o.VerifyEmail && !o.AllowUnverifiedLogin }

// AllowsLogin tells whether the kind of identifier (email, username, providerEmail, phoneNumber) is one to log in with.
func (o AccountOptions) AllowsLogin(kind string) bool {
	for word := range strings.SplitSeq(o.LoginIdentifiers, ",") {
		if strings.TrimSpace(word) == kind {
			return true
		}
	}
	return false
}
