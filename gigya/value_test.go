package gigya_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

func TestParseBoolReadsWhatSDKsWrite(t *testing.T) {
	for text, want := range map[string]bool{
		"true": true, "True": true, "TRUE": true, "1": true, "false": false, "False": false, "0": false, "": false,
	} {
		if got, err := gigya.ParseBool("x", text); err != nil || got != want {
			t.Errorf("%q: got %t, %v", text, got, err)
		}
	}
	for _, text := range []string{"yes", "2", " true", "truе", "null", "on"} {
		if _, err := gigya.ParseBool("x", text); codeOf(t, err) != gigya.InvalidParameterValue {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestParseIntReadsSignsAndBlanks(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, " 42\t": 42, "+7": 7, "-9223372036854775808": -9223372036854775808, "007": 7,
	} {
		if got, err := gigya.ParseInt("x", text); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
	for text, code := range map[string]gigya.Code{
		"": 400004, " ": 400004, "1.5": 400004, "1e3": 400004, "0x1": 400004, "1_000": 400004, "- 1": 400004, "twelve": 400004,
		"9223372036854775808": 400006, "-99999999999999999999": 400006,
	} {
		if _, err := gigya.ParseInt("x", text); codeOf(t, err) != code {
			t.Errorf("%q: got %v, want %d", text, err, int(code))
		}
	}
}

func TestSplitListDropsWhatIsEmpty(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "a": {"a"}, " a , b,,c ,": {"a", "b", "c"}, " , ,": {}, "data.x y,profile": {"data.x y", "profile"},
	} {
		if diff := cmp.Diff(want, gigya.SplitList(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for text, want := range map[string]gigya.Format{
		"": gigya.JSON, "json": gigya.JSON, "JSON": gigya.JSON, "jsonp": gigya.JSONP, "JsonP": gigya.JSONP, "XML": gigya.XML,
	} {
		got, err := gigya.ParseFormat(text)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	if _, err := gigya.ParseFormat("yaml"); codeOf(t, err) != gigya.InvalidParameterValue {
		t.Errorf("got %v", err)
	}
	if gigya.ContentType(gigya.JSON) != "text/javascript; charset=utf-8" || gigya.ContentType(gigya.JSONP) != gigya.ContentType(gigya.JSON) ||
		gigya.ContentType(gigya.XML) != "text/xml; charset=utf-8" {
		t.Error("the content type differs")
	}
}
