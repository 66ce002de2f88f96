package blueprint_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/blueprint"
)

// FuzzFilesAreReadOrRefused gives the reader files of any content: it says what is wrong, or what it read comes out as files that are
// read as the same.
func FuzzFilesAreReadOrRefused(f *testing.F) {
	f.Add("webhook/crm.json", webhookText, "x.html", "<p>\n</p>")
	f.Add("screenSet/Mine%2Fyours.json", `{"html":"${FILE:x.html}","css":"${FILE:../site.json}","javascript":"$${FILE:x}"}`, "screenSet/x.html", "a\r\n\x00")
	f.Add("policies/registration.json", `{"a":{"a":1,"a":2}}`, ".hidden", "")
	f.Add("captcha.json", "\xef\xbb\xbf{\"1\":{\"Secret\":\"${ENV_JSON:A}\"},\"2\":\"${ENV:B}\"}", "README.md", "x")
	f.Add("settings.json", `{"counters":[[[{"a":"${ENV:}"}]]]}`, "settings.txt", "x")
	f.Add("schema/%64ataSchema.json", `[`, "schema/dataSchema.json", `{"fields":{"a.b":null},"":{"":""}}`)
	f.Add("site.json", `{"baseDomain":""}`, "webhook", "no folder")
	f.Add("../out.json", `{}`, "sites", "")
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, name, text, other, otherText string) {
		files := blueprint.Files{"sites/x/site.json": []byte(`{"baseDomain":"x.example.com"}`)}
		files["sites/x/"+name], files["sites/x/"+other] = []byte(text), []byte(otherText)
		tree, err := h.b.Read(folder(files), func(name string) (string, bool) { return `"v"`, name == "A" })
		var faults blueprint.Faults
		if err != nil {
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("%v is no list of faults", err)
			}
			for _, fault := range faults {
				if !strings.HasPrefix(fault.Error(), "sites/x") {
					t.Errorf("%q does not begin with the file", fault)
				}
			}
			return
		}
		written, err := tree.Files()
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.b.Read(folder(written), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatalf("what was read and written is refused: %v", err)
		}
		rewritten, err := again.Files()
		if err != nil {
			t.Fatal(err)
		}
		// Secrets are holes when their variables are not set, and a hole is written as null.
		if !strings.Contains(text+otherText, "${ENV") && !strings.Contains(allOf(written), "${ENV") {
			if diff := cmp.Diff(texts(written), texts(rewritten)); diff != "" {
				t.Errorf("- once, + twice:\n%s", diff)
			}
		}
		// Whatever it is, a plan says what it would do or what is wrong, and does nothing.
		if _, err := h.b.Plan(context.Background(), tree, blueprint.How{Create: true, Prune: true}); err != nil && !errors.As(err, &faults) {
			t.Errorf("planning: %v", err)
		}
	})
}

func allOf(files blueprint.Files) string {
	var b strings.Builder
	for _, text := range files {
		b.Write(text)
	}
	return b.String()
}
