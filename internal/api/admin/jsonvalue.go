package admin

import (
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// element is the path of an element of an array.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// parsed reads a parameter that is JSON: 400004 if it is not.
func parsed(name, text string) (document.Value, error) {
	value, err := document.Parse([]byte(strings.TrimSpace(text)))
	if err != nil {
		return document.Value{}, gigya.InvalidFormat(name, "want JSON: "+err.Error())
	}
	return value, nil
}

// parsedObject reads a parameter that is a JSON object: 400004 if it is none.
func parsedObject(name, text string) (*document.Object, error) {
	value, err := parsed(name, text)
	if err != nil {
		return nil, err
	}
	if value.Kind() != document.KindObject {
		return nil, gigya.InvalidFormat(name, "want a JSON object")
	}
	return value.Object(), nil
}

// textList reads a parameter that is a JSON array of texts: 400004 if it is no array, such as a list with commas, 400006 with the element's
// path for what is no text.
func textList(name, text string) ([]string, error) {
	value, err := parsed(name, text)
	if err != nil || value.Kind() != document.KindArray {
		return nil, gigya.InvalidFormat(name, `want a JSON array of texts, such as ["a","b"]`)
	}
	return textsOf(name, value)
}

// textsOf are the elements of an array of texts.
func textsOf(path string, value document.Value) ([]string, error) {
	if value.Kind() != document.KindArray {
		return nil, gigya.InvalidArgumentBecause(path, "want an array of texts")
	}
	list := make([]string, 0, len(value.Items()))
	for i, item := range value.Items() {
		if item.Kind() != document.KindString {
			return nil, gigya.InvalidArgumentBecause(element(path, i), "want a text")
		}
		list = append(list, item.Str())
	}
	return list, nil
}

// kindNames are the kinds of values as they are asked for.
var kindNames = map[document.Kind]string{
	document.KindString: "a text", document.KindBool: "true or false", document.KindObject: "an object",
	document.KindArray: "an array", document.KindNumber: "a number",
}

// wantKind is 400006 with the path for a value of another kind. null, which takes a member away, is of every kind.
func wantKind(path string, value document.Value, kind document.Kind) error {
	if value.Kind() != kind && !value.IsNull() {
		return gigya.InvalidArgumentBecause(path, "want "+kindNames[kind])
	}
	return nil
}

// config is a stored configuration that is read for single members.
type config struct{ *document.Object }

func (c config) text(name string) string {
	v, _ := c.Get(name)
	return v.Str()
}

func (c config) flag(name string) bool {
	v, _ := c.Get(name)
	return v.Bool()
}
