package recording_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/conformance/recording"
)

func TestAFileIsWordsAndSections(t *testing.T) {
	got, err := recording.Parse([]byte("words\n-- request https --\nGET /a.b\n\nx\n-- answer --\n200\n"))
	want := []recording.Section{{"request https", "GET /a.b\n\nx\n"}, {"answer", "200\n"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, text := range []string{"", "-- a --\nx\n", "words\n-- --\nx\n", " \n\n-- a --\n"} {
		if got, err := recording.Parse([]byte(text)); err == nil {
			t.Errorf("%q is taken: %v", text, got)
		}
	}
}

func TestPlaceHoldersAreFilled(t *testing.T) {
	values := map[string]string{"a": "x y", "b": "${a}"}
	got, err := recording.Fill(values, "1=${a}&2=${a:form}&3=${b}&4=$a&5=${}", url.QueryEscape)
	if want := "1=x+y&2=x+y&3=%24%7Ba%7D&4=$a&5=${}"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := recording.Fill(values, "${c}", url.QueryEscape); err == nil || !strings.Contains(err.Error(), "${c}") {
		t.Errorf("an unknown one: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("words\n-- a --\nx\n-- b c --\n")
	f.Add("-- --\n")
	f.Fuzz(func(t *testing.T, text string) {
		sections, err := recording.Parse([]byte(text))
		for _, s := range sections {
			if err != nil || s.Name == "" {
				t.Errorf("%q %v", s, err)
			}
		}
	})
}
