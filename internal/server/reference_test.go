package server_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
)

var update = flag.Bool("update", false, "write the reference page anew")

func TestTheReferencePageSaysWhatTheServerServes(t *testing.T) {
	const page = "../../docs/methods.md"
	got := doorwardtest.New(t).Reference()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/methods.md is out of date; write it anew with go test ./internal/server -run ReferencePage -update\n%s", diff)
	}
}
