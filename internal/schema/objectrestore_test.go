package schema_test

import (
	"testing"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

// What one installation stores another takes, byte for byte, and nothing that it would not have made itself.
func TestARestoredSchemaIsTheSame(t *testing.T) {
	changes, err := document.ParseObject([]byte(`{"fields":{"a.b":{"format":"regex('x')","type":"string","writeAccess":"clientCreate"},"n":{"required":true},
		"text_t":{"languages":["de"],"encrypt":"AES"}},"unique":["n",["n","a.b"]],"dynamicSchema":false}`))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := schema.MergeObjectSchema([]byte(`{"learned":{"n":"long","z":"float","y":"date"},"retired":["gone","a.gone"]}`), changes)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(stored), `{}`, `{"learned":{"a":"long"}}`, `{"retired":["a"]}`, `{"dynamicSchema":false}`} {
		o, err := document.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := schema.RestoreObject(o); err != nil || string(got) != text {
			t.Errorf("%s\n is %s (%v)", text, got, err)
		}
	}
	for _, text := range []string{
		`{"learned":[]}`, `{"learned":{"a":"x"}}`, `{"learned":{"a":7}}`, `{"learned":{"1":"long"}}`, `{"retired":{}}`, `{"retired":["1"]}`, `{"retired":[7]}`,
		`{"x":1}`, `{"fields":{"a":{},"a.b":{}}}`, `{"fields":[]}`, `{"unique":["a"],"retired":["a"]}`, `{"dynamicSchema":"no"}`, `{"learned":{"constructor":"long"}}`,
	} {
		o, err := document.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := schema.RestoreObject(o); err == nil {
			t.Errorf("%s is taken as %s", text, got)
		}
	}
}

func FuzzRestoreObject(f *testing.F) {
	f.Add(`{"fields":{"a":{"type":"string"}},"unique":[["a"]],"dynamicSchema":false,"learned":{"a":"string"},"retired":["b"]}`)
	f.Add(`{"learned":{"a.b":"long","a":"long"},"retired":["a","a"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := document.ParseObject([]byte(text))
		if err != nil {
			return
		}
		stored, err := schema.RestoreObject(o)
		if err != nil {
			return
		}
		again, err := document.ParseObject(stored)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := schema.RestoreObject(again); err != nil || string(twice) != string(stored) {
			t.Errorf("%s\n becomes %s (%v)", stored, twice, err)
		}
	})
}
