package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// deaf is an output that takes nothing with a secret in it.
type deaf struct{ bytes.Buffer }

func (d *deaf) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("secret")) {
		return 0, errors.New("no space left on device")
	}
	return d.Buffer.Write(p)
}

func TestASecretThatCannotBePrintedIsNotLostWithoutAWord(t *testing.T) {
	data, files := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "files")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"site", "create", "--domain", "shop.example.com", "--data", data}, "was made (`doorward site show --secret` shows it again): no space left on device\n"},
		{[]string{"key", "create", "--name", "k", "--privilege", "_allApis", "--data", data}, "was made, and what belongs to it could not be printed: revoke it, and make another: no space left on device\n"},
		{[]string{"export", files, "--data", data}, ""},
		{[]string{"apply", "--create", "--yes", files, "--data", data + "2"}, "the files were applied, and the secret of partner "},
	} {
		var said bytes.Buffer
		status := run(t.Context(), c.args, console{Out: &deaf{}, Err: &said})
		if (status == 1) != (c.want != "") || !strings.Contains(said.String(), c.want) {
			t.Errorf("%v: status %d and %q, want %q", c.args, status, said.String(), c.want)
		}
	}
}
