package schema

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// Bounds of texts, in bytes, as documented for the types of fields.
const (
	maxString   = 16 << 10
	maxLongText = 64 << 10
)

// fault returns what is wrong with one value of the field, never an array, or zero.
func (f *Field) fault(v document.Value) gigya.Code {
	if !f.fits(v) {
		return gigya.InvalidTypeValidationError
	}
	if f.mustHold && !v.Bool() {
		return gigya.InvalidFormatValidationError
	}
	text := v.Num()
	if v.Kind() == document.KindString {
		text = v.Str()
		most := maxString
		if f.Type == "text" {
			most = maxLongText
		}
		if len(text) > most {
			return gigya.InvalidFormatValidationError
		}
	}
	if f.form != nil && !f.form.Match(text) {
		return gigya.InvalidFormatValidationError
	}
	return 0
}

// fits tells whether the value is of the field's type.
func (f *Field) fits(v document.Value) bool {
	switch f.Type {
	case "boolean":
		return v.Kind() == document.KindBool
	case "integer":
		return v.Kind() == document.KindNumber && whole(v.Num(), 32)
	case "long":
		return v.Kind() == document.KindNumber && whole(v.Num(), 64)
	case "float":
		return v.Kind() == document.KindNumber && finite(v.Num())
	case "date":
		return v.Kind() == document.KindString && isDate(v.Str())
	}
	return v.Kind() == document.KindString || f.orBool && v.Kind() == document.KindBool
}

func whole(number string, bits int) bool {
	_, err := strconv.ParseInt(number, 10, bits)
	return err == nil
}

func finite(number string) bool {
	n, err := strconv.ParseFloat(number, 64)
	return err == nil && !math.IsInf(n, 0)
}

// isDate tells whether the text is a day or an instant of ISO 8601, with or without a fraction and a time zone.
func isDate(text string) bool {
	if len(text) > 40 {
		return false
	}
	for _, layout := range [...]string{time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}

// typeFor returns the type of a new dynamic field from its first value: an old convention has it in the end of the name
// (_s _t _i _d _b); otherwise, or when the value does not fit that, the value tells. It is empty for what no field can
// hold: null and empty arrays, which tell nothing (known is true then), objects, arrays of anything but values of one
// type.
func typeFor(name string, v document.Value) (kind string, known bool) {
	switch v.Kind() {
	case document.KindNull:
		return "", true
	case document.KindBool:
		return "boolean", true
	case document.KindNumber:
		return typeForNumber(name, v.Num())
	case document.KindString:
		return typeForText(name, v.Str())
	case document.KindArray:
		for _, item := range v.Items() {
			inner, ok := typeFor(name, item)
			if !ok || inner == "" || item.Kind() == document.KindArray {
				return "", false
			}
			if kind, ok = widest(kind, inner); !ok {
				return "", false
			}
		}
		return kind, true
	}
	return "", false
}

func typeForNumber(name, number string) (string, bool) {
	switch {
	case strings.HasSuffix(name, "_i") && whole(number, 32):
		return "integer", true
	case strings.HasSuffix(name, "_d") && finite(number):
		return "float", true
	case whole(number, 64):
		return "long", true
	}
	return "float", finite(number)
}

func typeForText(name, text string) (string, bool) {
	switch {
	case strings.HasSuffix(name, "_d") && isDate(text):
		return "date", true
	case strings.HasSuffix(name, "_t") || len(text) > maxString:
		return "text", len(text) <= maxLongText
	}
	return "string", true
}

// widest returns the type that holds values of both types.
func widest(a, b string) (string, bool) {
	switch {
	case a == "" || a == b:
		return b, true
	case b == "":
		return a, true
	}
	numbers := map[string]int{"integer": 1, "long": 2, "float": 3}
	texts := map[string]int{"date": 1, "string": 2, "text": 3}
	for _, order := range []map[string]int{numbers, texts} {
		if order[a] > 0 && order[b] > 0 {
			if order[a] > order[b] {
				return a, true
			}
			return b, true
		}
	}
	return "", false
}
