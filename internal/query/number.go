package query

import (
	"strconv"
	"strings"
)

// decimal is a number taken apart: 0.digits × 10^exponent, with neither zeros before nor after the digits, so that equal
// numbers are equal decimals. Zero has no digits.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// compareNumbers compares the texts of two JSON numbers exactly, whatever their size: as floats, neighbouring 64-bit
// integers would be equal.
func compareNumbers(a, b string) int {
	if x, err := strconv.ParseInt(a, 10, 64); err == nil {
		if y, err := strconv.ParseInt(b, 10, 64); err == nil {
			return compareInts(x, y)
		}
	}
	x, y := takeApart(a), takeApart(b)
	switch {
	case x.sign() != y.sign():
		return compareInts(x.sign(), y.sign())
	case x.exponent != y.exponent:
		return int(x.sign()) * compareInts(x.exponent, y.exponent)
	}
	return int(x.sign()) * strings.Compare(x.digits, y.digits)
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (d decimal) sign() int64 {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// takeApart reads a JSON number.
func takeApart(text string) (d decimal) {
	text, d.negative = strings.CutPrefix(text, "-")
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		d.exponent = exponent(text[at+1:])
		text = text[:at]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	d.digits = whole + fraction
	d.exponent += int64(len(whole))
	digits := strings.TrimLeft(d.digits, "0")
	d.exponent -= int64(len(d.digits) - len(digits))
	d.digits = strings.TrimRight(digits, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

// exponent reads the exponent of a number. One beyond any other number's size stays there.
func exponent(text string) int64 {
	const far = 1 << 60
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil && strings.HasPrefix(text, "-"), n < -far:
		return -far
	case err != nil, n > far:
		return far
	}
	return n
}

// AsNumber returns the constant as a number: itself, or that which a text in quotes is.
func (v Value) AsNumber() (Value, bool) {
	switch v.Kind {
	case Number:
		return v, true
	case String:
		if text, ok := numeric(v.Str); ok {
			return Value{Kind: Number, Num: text}, true
		}
	}
	return Value{}, false
}

// numeric returns the JSON number that the text is, and whether it is one. Blanks around it do not count.
func numeric(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '-' && !isDigit(text[0]) {
		return "", false
	}
	t := scan(text, 0)
	if t.kind != tokNumber || t.end != len(text) {
		return "", false
	}
	return text, true
}
