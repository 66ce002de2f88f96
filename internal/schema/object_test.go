package schema_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

// drawData draws the data of an object with few names, so that patches meet what is there.
func drawData(t *rapid.T, depth int) map[string]any {
	data := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 3, rapid.ID).Draw(t, "names") {
		data[name] = drawValue(t, depth)
	}
	return data
}

func drawValue(t *rapid.T, depth int) any {
	kinds := 5
	if depth == 0 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return float64(rapid.IntRange(0, 3).Draw(t, "number"))
	case 2:
		return rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "text")
	case 3:
		return rapid.Bool().Draw(t, "flag")
	case 4:
		return drawData(t, depth-1)
	}
	items := []any{}
	for range rapid.IntRange(0, 3).Draw(t, "length") {
		items = append(items, drawValue(t, depth-1))
	}
	return items
}

// merged is the meaning of the behaviors again, on decoded values.
func merged(old, patch map[string]any, how schema.Behavior) map[string]any {
	result := map[string]any{}
	if how != schema.Replace {
		for name, v := range old {
			result[name] = v
		}
	}
	for name, v := range patch {
		before, there := result[name]
		switch v := v.(type) {
		case nil:
			delete(result, name)
		case map[string]any:
			inner, ok := before.(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			if how == schema.Replace {
				result[name] = clean(v)
			} else {
				result[name] = merged(inner, v, how)
			}
		case []any:
			list, ok := before.([]any)
			if there && ok && how == schema.ArrayPush {
				result[name] = append(append([]any{}, list...), clean(v).([]any)...)
			} else {
				result[name] = clean(v)
			}
		default:
			result[name] = v
		}
	}
	return result
}

func clean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, item := range v {
			if item != nil {
				kept[name] = clean(item)
			}
		}
		return kept
	case []any:
		items := []any{}
		for _, item := range v {
			items = append(items, clean(item))
		}
		return items
	}
	return v
}

func dataOf(t *rapid.T, data map[string]any) *document.Object {
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	o, err := schema.ReadObject(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestBehaviorsAreWhatTheyAreOnDecodedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored, patch := clean(drawData(t, 3)).(map[string]any), drawData(t, 3)
		how := rapid.SampledFrom([]schema.Behavior{schema.ArrayPush, schema.ArraySet, schema.Replace}).Draw(t, "behavior")
		data, sent := dataOf(t, stored), dataOf(t, patch)
		result := &document.Object{}
		if how != schema.Replace {
			result = data.Clone()
		}
		schema.MergeObject(result, sent, how)
		var got map[string]any
		if err := json.Unmarshal(result.JSON(), &got); err != nil {
			t.Fatal(err)
		}
		if want := merged(stored, patch, how); !reflect.DeepEqual(got, want) {
			t.Fatalf("behavior %d\nstored %v\npatch  %v\n%s", how, stored, patch, cmp.Diff(want, got))
		}
		if !data.Equal(dataOf(t, stored)) || !sent.Equal(dataOf(t, patch)) {
			t.Fatal("what was given was altered")
		}
	})
}

func TestAWriteLearnsEveryTypeOnceAndClientsChangeTheirFieldsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := parseObject(t, `{"fields":{"a":{"writeAccess":"clientModify"},"b":{"writeAccess":"clientCreate"},"c.a":{"writeAccess":"clientModify"}}}`)
		data := &document.Object{}
		for range 4 {
			patch := dataOf(t, drawData(t, 3))
			server := rapid.Bool().Draw(t, "server")
			how := rapid.SampledFrom([]schema.Behavior{schema.ArrayPush, schema.ArraySet, schema.Replace}).Draw(t, "behavior")
			before := string(data.JSON())
			written, err := known.Write(data, patch, how, server)
			if string(data.JSON()) != before {
				t.Fatal("the data before were altered")
			}
			if err != nil {
				wantCode(t, err, gigya.SchemaValidationFailed)
				continue
			}
			if !server {
				for _, name := range []string{"d", "e"} {
					was, _ := data.Get(name)
					is, _ := written.Data.Get(name)
					if !was.Equal(is) && (some(was) || some(is)) {
						t.Fatalf("a client changed %s: %s to %s", name, data.JSON(), written.Data.JSON())
					}
				}
				was, there := data.Get("b")
				is, _ := written.Data.Get("b")
				if there && some(was) && !was.Equal(is) {
					t.Fatalf("a client changed b: %s to %s", data.JSON(), written.Data.JSON())
				}
			}
			data = written.Data
			if written.Schema != nil {
				known = parseObject(t, string(written.Schema))
			}
			// What is there can be written again, and teaches nothing.
			again, err := known.Write(data, data, schema.ArraySet, true)
			if err != nil || again.Schema != nil || !again.Data.Equal(data) {
				t.Fatalf("again: %v\n%s\n%s", err, data.JSON(), known.JSON())
			}
		}
	})
}

// some tells whether there is a value that is not empty.
func some(v document.Value) bool {
	text := string(v.AppendJSON(nil))
	return strings.Trim(text, `[]{}",`) != "" && !strings.Contains(text, "null")
}

func parseObject(t interface{ Fatal(...any) }, stored string) *schema.ObjectSchema {
	s, err := schema.ParseObject(json.RawMessage(stored))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantCode(t interface{ Fatalf(string, ...any) }, err error, codes ...gigya.Code) {
	var refused *gigya.Error
	if e, ok := err.(*gigya.Error); ok {
		refused = e
		for _, code := range codes {
			if e.Code == code {
				return
			}
		}
	}
	t.Fatalf("error %v (%v), want one of %v", err, refused, codes)
}

func TestUniqueValuesAreEqualForEqualValues(t *testing.T) {
	s := parseObject(t, `{"fields":{"f":{"type":"float"}},"unique":[["f"],["d_d"],["s","x"]]}`)
	hashes := func(data string) string {
		o, err := schema.ReadObject([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", s.UniqueValues(o))
	}
	for _, equal := range [][]string{
		{`{"f":1}`, `{"f":1.0}`, `{"f":1e0}`, `{"f":10E-1}`},
		{`{"f":0}`, `{"f":-0.0}`},
		{`{"f":1000000000000000}`, `{"f":1e15}`, `{"f":1000000000000000.0}`},
		{`{"f":-10000000000000000}`, `{"f":-1e16}`},
		{`{"f":-9223372036854775808}`, `{"f":-9223372036854775808.0}`},
		{`{"f":1e300}`, `{"f":10e299}`},
		{`{"d_d":"2020-01-01"}`, `{"d_d":"2020-01-01T00:00:00Z"}`, `{"d_d":"2020-01-01 00:00:00"}`, `{"d_d":"2020-01-01T01:00:00+01:00"}`},
		{`{}`, `{"s":"a"}`, `{"f":null}`, `{"s":["a"],"x":"b"}`},
	} {
		for _, data := range equal[1:] {
			if hashes(data) != hashes(equal[0]) {
				t.Errorf("%s and %s differ", equal[0], data)
			}
		}
	}
	seen := map[string]string{}
	for _, data := range []string{`{}`, `{"f":1}`, `{"f":1.5}`, `{"f":9007199254740993}`, `{"f":9007199254740992}`, `{"f":9223372036854775807}`, `{"f":9223372036854775808}`, `{"f":-1e300}`, `{"d_d":"2020-01-02"}`, `{"s":"a","x":"b"}`,
		`{"s":"A","x":"b"}`, `{"s":"a\",\"sb","x":""}`, `{"s":"a","x":"\",\"sb"}`} {
		if other, twice := seen[hashes(data)]; twice {
			t.Errorf("%s and %s are equal", data, other)
		}
		seen[hashes(data)] = data
	}
}

func FuzzReadObject(f *testing.F) {
	for _, text := range []string{`{}`, `{"a.b":{"c":1},"a":{"b.d":[{"e.f":null}]}}`, `{"a":1,"a.b":2}`, `{"a..b":1}`, `{"__proto__":1}`, `[`,
		`{"a":` + strings.Repeat("[", 61) + strings.Repeat("]", 61) + `}`, `{"` + strings.Repeat("a.", 70) + `b":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := schema.ReadObject(text)
		if err != nil {
			return
		}
		again, err := schema.ReadObject(o.JSON())
		if err != nil || !again.Equal(o) {
			t.Fatalf("%s: %v", o.JSON(), err)
		}
		known := parseObject(t, "")
		written, err := known.Write(&document.Object{}, o, schema.ArrayPush, true)
		if err != nil {
			wantCode(t, err, gigya.SchemaValidationFailed)
			return
		}
		// What is stored can always be read, in a row around it too.
		if _, err := document.Parse([]byte(`{"data":` + string(written.Data.JSON()) + `}`)); err != nil {
			t.Fatal(err)
		}
		if written.Schema != nil {
			parseObject(t, string(written.Schema))
		}
	})
}

func FuzzMergeObjectSchema(f *testing.F) {
	f.Add([]byte(`{}`), []byte(`{"fields":{"a.b":{"type":"string","format":"regex('a')"}},"unique":["a.b",["c"]]}`), "a")
	f.Add([]byte(`{"fields":{"a":{"encrypt":"AES"}}}`), []byte(`{"fields":{"a":null},"dynamicSchema":false,"unique":null}`), "a.b")
	f.Add([]byte(`{"fields":{"a":{}}}`), []byte(`{"fields":{"a":{"languages":["ja"],"required":true,"allowNull":null,"arrayOp":"x"}}}`), "")
	f.Fuzz(func(t *testing.T, first, second []byte, retired string) {
		var stored json.RawMessage
		for _, text := range [][]byte{first, second} {
			changes, err := document.ParseObject(text)
			if err != nil {
				return
			}
			merged, err := schema.MergeObjectSchema(stored, changes)
			if err != nil {
				wantCode(t, err, gigya.SchemaValidationFailed, gigya.InvalidParameterValue)
				continue
			}
			stored = merged
			s := parseObject(t, string(stored))
			for _, mode := range []schema.Filter{schema.Full, schema.ExplicitOnly, schema.ClientOnly} {
				if _, err := document.ParseObject(s.Show(mode)); err != nil {
					t.Fatal(err)
				}
			}
			if again, err := schema.MergeObjectSchema(stored, changes); err != nil || string(again) != string(stored) {
				t.Fatalf("the same again: %v\n%s\n%s", err, stored, again)
			}
		}
		merged, err := schema.RetireFields(stored, []string{retired})
		if err != nil {
			wantCode(t, err, gigya.SchemaValidationFailed, gigya.InvalidParameterValue)
			return
		}
		if parseObject(t, string(merged)).Field(retired) != nil {
			t.Fatalf("%q is still there: %s", retired, merged)
		}
	})
}
