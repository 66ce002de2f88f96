// Package recording reads the files in which calls are written down for the tests that play them: texts in the txtar
// format, with place holders for what is known at the time of the call alone. What the sections mean is each test's own.
package recording

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Section is one part of a file: what stands below a line "-- name --".
type Section struct{ Name, Text string }

// Parse cuts a file into its sections. A file must begin with words on what it is about.
func Parse(text []byte) ([]Section, error) {
	for line := range strings.Lines(string(text)) {
		if strings.TrimRight(line, "\r\n") == "-- --" {
			// The package txtar panics on it.
			return nil, errors.New("a section without a name")
		}
	}
	archive := txtar.Parse(text)
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, errors.New("no words on what it is about")
	}
	sections := make([]Section, len(archive.Files))
	for i, file := range archive.Files {
		sections[i] = Section{file.Name, string(file.Data)}
	}
	return sections, nil
}

// Place is a place holder: ${name}, or ${name:form}, where form says what the value looks like.
var Place = regexp.MustCompile(`\$\{([A-Za-z][A-Za-z0-9]*)(?::([A-Za-z]+))?\}`)

// Fill puts the values into the text, each through the encoding of its surroundings. A place holder without a value is an
// error.
func Fill(values map[string]string, text string, encode func(string) string) (string, error) {
	var missing error
	filled := Place.ReplaceAllStringFunc(text, func(holder string) string {
		value, ok := values[Place.FindStringSubmatch(holder)[1]]
		if !ok {
			missing = fmt.Errorf("nothing is known for %s", holder)
		}
		return encode(value)
	})
	return filled, missing
}
