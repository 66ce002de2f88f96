package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the command too: a test that runs "doorward" runs this code.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"doorward": main})
}

func TestScripts(t *testing.T) {
	if racing {
		t.Skip("one command after the other: the race detector has nothing to see, and makes their password hashes slow")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TMPDIR", env.WorkDir)
			return nil
		},
	})
}
