package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/config"
)

func TestFlagsBeatTheEnvironmentAndTheEnvironmentBeatsTheFile(t *testing.T) {
	file := write(t, "data = \"/from/file\"\n[listen]\nhttp = \"file:1\"\nhttps = \"file:2\"\n[data_centers]\neu1 = \"eu1.example.com\"\n")
	c, values, err := config.Load(config.Sources{
		File:    file,
		Environ: []string{"DOORWARD_LISTEN_HTTP=env:1", "DOORWARD_LISTEN_HTTPS=env:2", "OTHER=1", "DOORWARD_CONFIG=ignored", "DOORWARD_MASTER_KEY=ignored"},
		Flags:   map[string]string{"listen.http": "flag:1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/from/file", "flag:1", "env:2", "us1"}, []string{c.Data, c.HTTP, c.HTTPS, c.DataCenter}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"eu1": "eu1.example.com"}, c.DataCenters); diff != "" {
		t.Error(diff)
	}
	origins := map[string]string{}
	for _, v := range values {
		origins[v.Key] = v.Origin
	}
	want := map[string]string{"data": file, "listen.http": "flag", "listen.https": "environment", "data_center": "default", "data_centers.eu1": file}
	for key, origin := range want {
		if origins[key] != origin {
			t.Errorf("%s comes from %q, want %q", key, origins[key], origin)
		}
	}
}

func TestWrongSettingsAreErrorsThatSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		env  string
		want string
	}{
		"an unknown key in the file":         {file: "datta = \"x\"", want: `there is no setting "datta"; did you mean "data"?`},
		"an unknown key far from all others": {file: "zzzzzzzzzz = 1", want: "`doorward config` lists them all"},
		"an unknown variable":                {env: "DOORWARD_NONSENSE_HERE=1", want: `there is no setting "nonsense_here"`},
		"a number out of bounds":             {file: "[password]\ntime = 99", want: "not a whole number from 1 to 16"},
		"a duration without a unit":          {env: "DOORWARD_TIMEOUT_CALL=30", want: "not a duration such as 30s"},
		"a proxy that is no network":         {env: "DOORWARD_TRUSTED_PROXIES=10.0.0.0/8,nonsense", want: `"nonsense" is neither an address nor a network`},
		"a public URL with a path":           {env: "DOORWARD_PUBLIC_URL=https://id.example.com/path", want: "not of the form"},
		"a file that is not TOML":            {file: "data = ", want: "config.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			src := config.Sources{}
			if test.file != "" {
				src.File = write(t, test.file)
			}
			if test.env != "" {
				src.Environ = []string{test.env}
			}
			_, _, err := config.Load(src)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that contains %q", err, test.want)
			}
		})
	}
}

func TestEverySettingHasADefaultThatItAccepts(t *testing.T) {
	if _, _, err := config.Load(config.Sources{}); err != nil {
		t.Fatal(err)
	}
	for _, s := range config.Settings() {
		if s.Help == "" || !strings.HasSuffix(s.Help, ".") {
			t.Errorf("%s has no sentence of help", s.Key)
		}
	}
}

func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
