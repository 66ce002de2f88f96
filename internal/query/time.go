package query

import (
	"strconv"
	"strings"
	"time"
)

// timeForms are the forms of a time that queries and documents may have; those without an offset are UTC.
var timeForms = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02"}

// maxTime bounds the texts that are looked at for a time, in bytes.
const maxTime = 64

// ParseTime reads a time in ISO form: a date (its midnight), with a time of day, a fraction and an offset or without. Without
// an offset it is UTC.
func ParseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if len(text) < len("2006-01-02") || len(text) > maxTime {
		return time.Time{}, false
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// take returns the value as it is compared.
func (a As) take(v Value) Value {
	if a != AsTime || v.Kind != String {
		return v
	}
	if t, ok := ParseTime(v.Str); ok {
		return Value{Kind: Number, Num: strconv.FormatInt(t.UnixMilli(), 10)}
	}
	return v
}

// SortValue is [SortValue] of the element's field, taken as the element says.
func (o Order) SortValue(doc []byte, rest Path) Value { return o.As.take(SortValue(doc, rest)) }
