package schema

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/doorward/doorward/internal/document"
)

// suffixes are the ends of names that say the type (documented).
var suffixes = map[string]string{
	"_i": "integer", "_f": "float", "_s": "string", "_t": "text", "_b": "boolean", "_d": "date",
}

// suffixType returns the type that the end of the path says; empty: none.
func suffixType(path string) string {
	if at := strings.LastIndexByte(path, '_'); at >= 0 {
		return suffixes[path[at:]]
	}
	return ""
}

// guessType returns the type of a field without a declaration from its name and a value, which is no object, array or null.
func guessType(path string, v document.Value) string {
	if kind := suffixType(path); kind != "" {
		return kind
	}
	switch v.Kind() {
	case document.KindBool:
		return "boolean"
	case document.KindNumber:
		if whole(v.Num(), 64) {
			return "long"
		}
		return "float"
	}
	return "string"
}

// fitsType tells whether a value of an object, which is no object, array or null, is of the type.
func fitsType(kind string, v document.Value) bool {
	switch kind {
	case "integer", "long":
		return v.Kind() == document.KindNumber && whole(v.Num(), 64)
	case "date":
		_, ok := parseDate(v.Str())
		return ok
	case "binary":
		_, err := base64.StdEncoding.DecodeString(v.Str())
		return v.Kind() == document.KindString && err == nil
	}
	f := Field{Type: kind}
	return f.fits(v)
}

// parseDate reads a day or an instant: the forms that [Field] takes, and one with a blank before the time.
func parseDate(text string) (time.Time, bool) {
	if len(text) > 40 {
		return time.Time{}, false
	}
	for _, layout := range [...]string{
		time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateTime,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// canonical writes a value of the type so that equal values have equal texts: 1, 1.0 and 1e0; an instant in two time zones.
func canonical(kind string, v document.Value) string {
	switch kind {
	case "float", "integer", "long":
		if n, err := strconv.ParseInt(v.Num(), 10, 64); err == nil {
			return "n" + strconv.FormatInt(n, 10)
		}
		if n, err := strconv.ParseFloat(v.Num(), 64); err == nil {
			if n == 0 {
				n = 0 // Minus zero is zero.
			}
			if n >= -1<<63 && n < 1<<63 && n == math.Trunc(n) {
				return "n" + strconv.FormatInt(int64(n), 10)
			}
			return "n" + strconv.FormatFloat(n, 'g', -1, 64)
		}
	case "date":
		if t, ok := parseDate(v.Str()); ok {
			return "d" + strconv.FormatInt(t.UnixMilli(), 10)
		}
	case "boolean":
		return "b" + strconv.FormatBool(v.Bool())
	}
	return "s" + v.Str()
}

// checkObjectName tells whether a name may be that of a member of an object.
func checkObjectName(name string) error {
	switch name {
	case "constructor", "prototype":
		// They have a meaning of their own where answers are read by web pages.
		return fmt.Errorf("%s is no name of a field", name)
	}
	for i, r := range name {
		if unicode.IsLetter(r) || i > 0 && (r == '_' || unicode.IsDigit(r) || unicode.IsMark(r)) {
			continue
		}
		return errors.New("names of fields begin with a letter and hold letters, digits and underscores")
	}
	if name == "" {
		return errors.New("a name of a field is empty")
	}
	return nil
}

// CheckObjectPath tells whether a dotted path may name a field of an object.
func CheckObjectPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("a path has at most %d bytes", maxPath)
	}
	if strings.Count(path, ".") >= maxFieldDepth {
		return fmt.Errorf("a path has at most %d parts", maxFieldDepth)
	}
	for name := range strings.SplitSeq(path, ".") {
		if err := checkObjectName(name); err != nil {
			return err
		}
	}
	return nil
}
