package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/doorward/doorward/internal/document"
)

// maxCounterName bounds a class and a path of a counter, in bytes. It is our bound.
const maxCounterName = 64

// ValidClass tells whether the text can be the class of a counter.
func (c Counter) ValidClass() bool { return c.Class != "" && validCounterName(c.Class) }

// ValidPath tells whether the text can be the path of a counter. What follows the last slash is a level, an empty one too.
func (c Counter) ValidPath() bool {
	return validCounterName(c.Path) && strings.HasPrefix(c.Path, "/") && strings.Count(c.Path, "/") <= 2 && !strings.HasPrefix(c.Path, "//")
}

// validCounterName tells whether the text can be a class, or a path by its characters. Those that are missing would end a text
// in a query, or begin an expression.
func validCounterName(text string) bool {
	return len(text) <= maxCounterName && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) || r == unicode.ReplacementChar || strings.ContainsRune("\"'\\()<>", r)
	})
}

// settingsNames are the members of Settings.
var settingsNames = []string{
	"registerIsClientCall", "ownUIDsOnly", "disablingEndsSessions", "search.emulateEncryption", "progression", "counters",
}

// counterNames are the members of Counter.
var counterNames = []string{"class", "path"}

// CheckSettings tells what is wrong with settings of a site that somebody has written; the error begins with the path of the member at
// fault. It returns the names of members that are not known.
func CheckSettings(text json.RawMessage) (unknown []string, err error) {
	var s Settings
	if err := json.Unmarshal(text, &s); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("%s: want a value of another kind, not %s", kind.Field, kind.Value)
		}
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	if s.Progression != "" && s.Progression != ProgressionAuto {
		return nil, fmt.Errorf("progression: want %s, or leave it out", ProgressionAuto)
	}
	if len(s.Counters) > MaxCounters {
		return nil, fmt.Errorf("counters: at most %d", MaxCounters)
	}
	for i, c := range s.Counters {
		switch {
		case !c.ValidClass():
			return nil, fmt.Errorf("counters[%d].class: this cannot be a class", i)
		case !c.ValidPath():
			return nil, fmt.Errorf("counters[%d].path: want the path / or one of at most two levels: /news/sport", i)
		case slices.Contains(s.Counters[:i], c):
			return nil, fmt.Errorf("counters[%d]: it is there twice", i)
		}
	}
	doc, err := document.ParseObject(text)
	if err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	if err := checkSpelling("", doc, settingsNames); err != nil {
		return nil, err
	}
	counters, _ := doc.Get("counters")
	for i, c := range counters.Items() {
		if err := checkSpelling(fmt.Sprintf("counters[%d].", i), c.Object(), counterNames); err != nil {
			return nil, err
		}
	}
	for _, name := range doc.Names() {
		if !slices.Contains(settingsNames, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

// checkSpelling refuses a name that differs from a known one in letter case alone: encoding/json takes it for that one, and nobody else
// does.
func checkSpelling(path string, o *document.Object, known []string) error {
	for name := range o.All() {
		for _, as := range known {
			if name != as && strings.EqualFold(name, as) {
				return fmt.Errorf("%s%s: the member is called %s", path, name, as)
			}
		}
	}
	return nil
}
