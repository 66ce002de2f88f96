package socialize

import (
	"encoding/base64"
	"strings"
	"testing"
)

func FuzzParseBasic(f *testing.F) {
	f.Add("Basic QTpC")
	f.Add("basic " + base64.StdEncoding.EncodeToString([]byte("3_key:se%3Dcret%zz")))
	f.Add("Bearer x")
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("::")))
	f.Fuzz(func(t *testing.T, header string) {
		id, secret, ok := parseBasic(header)
		if !ok && (id != "" || secret != "") {
			t.Errorf("a refused header gives %q and %q", id, secret)
		}
		if ok && (id == "" || secret == "" || !strings.EqualFold(header[:6], "Basic ")) {
			t.Errorf("%q is taken, as %q and %q", header, id, secret)
		}
	})
}
