package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/config"
)

func TestFlagsBeatTheEnvironmentAndTheEnvironmentBeatsTheFile(t *testing.T) {
	file := write(t, "data = \"/from/file\"\n[listen]\nhttp = \"file:1\"\nhttps = \"file:2\"\n[data_centers]\neu1 = \"eu1.example.com\"\n")
	c, values, err := config.Load(config.Sources{
		File:    file,
		Environ: []string{"DOORWARD_LISTEN_HTTP=env:1", "DOORWARD_LISTEN_HTTPS=env:2", "OTHER=1", "DOORWARD_CONFIG=ignored", "DOORWARD_MASTER_KEY=ignored", "DOORWARD_TEST_ANYTHING=ignored"},
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

func TestWrongSettingsAreErrorsThatSayWhatIsRight(t *testing.T) {
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
		"an unknown variable near a known":   {env: "DOORWARD_TLS_CERTT=x", want: "DOORWARD_TLS_CERTT: there is no setting \"tls_certt\"; did you mean DOORWARD_TLS_CERT?"},
		"an empty data folder":               {file: "data = \"\"", want: "setting data: it must not be empty"},
		"an address without a port":          {env: "DOORWARD_LISTEN_HTTP=127.0.0.1", want: "DOORWARD_LISTEN_HTTP: setting listen.http: \"127.0.0.1\" is not an address"},
		"a port out of range":                {env: "DOORWARD_LISTEN_HTTPS=:70000", want: "is not an address"},
		"a data center with a dot":           {file: "data_center = \"us1.gigya.com\"", want: "is not an id such as us1"},
		"no data center":                     {file: "data_center = \"\"", want: "is not an id such as us1"},
		"a route that is a URL":              {file: "[data_centers]\neu1 = \"https://eu1.example.com\"", want: "setting data_centers.eu1: \"https://eu1.example.com\" is not a host name"},
		"a route without a host":             {file: "[data_centers]\neu1 = \"\"", want: "is not a host name"},
		"a route of its own":                 {file: "[data_centers]\nus1 = \"x.example.com\"", want: "us1 is this installation's own data center"},
		"a table in the table of routes":     {file: "[data_centers.eu1]\nhost = \"x\"", want: "is not an id such as us1"},
		"an issuer that is no URL":           {file: "issuer = \"doorward\"", want: "is not a URL"},
		"an empty issuer":                    {file: "issuer = \"\"", want: "is not a URL"},
		"a content type with a line end":     {env: "DOORWARD_CONTENT_TYPE=text/plain\r\nX: y", want: "is not a media type"},
		"a timeout beyond the connection's":  {file: "[timeout]\ncall = \"5m\"", want: "is not a duration such as 30s, up to 2m0s"},
		"a negative rate":                    {file: "[rate]\nper_key = -1", want: "is not a number from 0 to 1000000000"},
		"a rate that is no number":           {env: "DOORWARD_RATE_ALL_PER_ADDRESS=NaN", want: "DOORWARD_RATE_ALL_PER_ADDRESS: setting rate.all_per_address: \"NaN\" is not a number"},
		"a burst with a fraction":            {file: "[rate]\nper_address_burst = 1.5", want: "setting rate.per_address_burst: \"1.5\" is not a whole number from 0 to"},
		"a burst of nothing":                 {env: "DOORWARD_RATE_PER_KEY_BURST=5", want: "DOORWARD_RATE_PER_KEY_BURST: setting rate.per_key_burst: it bounds nothing alone: set rate.per_key too"},
		"no connections":                     {file: "[limit]\nconnections = 0", want: "setting limit.connections: \"0\" is not a whole number from 1 to"},
		"no connections of an address":       {file: "[limit]\nconnections_per_address = 0", want: "is not a whole number from 1 to"},
		"too little memory for bodies":       {file: "[limit]\nbody_memory_mib = 31", want: "is not a whole number from 32 to 65536"},
		"a retention without a unit":         {env: "DOORWARD_AUDIT_RETENTION=400", want: "\"400\" is not a time such as 400d or 9600h, from 1h to 36500d; 0 keeps everything"},
		"a retention of minutes":             {env: "DOORWARD_AUDIT_RETENTION=30m", want: "is not a time such as 400d"},
		"a negative retention":               {env: "DOORWARD_AUDIT_RETENTION=-1d", want: "is not a time such as 400d"},
		"a retention of a thousand years":    {env: "DOORWARD_AUDIT_RETENTION=65535d", want: "is not a time such as 400d"},
		"neither true nor false":             {file: "allow_http_secrets = \"maybe\"", want: "is neither true nor false"},
		"a date":                             {file: "data = 2024-01-01", want: "setting data: want a text, a number, true, false or a list of them"},
		"a list of tables":                   {file: "[[trusted_proxies]]\nnet = \"10.0.0.0/8\"", want: "setting trusted_proxies: want a text, a number, true, false or a list of them"},
		"half of all addresses":              {env: "DOORWARD_TRUSTED_PROXIES=::ffff:0:0/95", want: "want IPv4 networks in their own form, such as 10.0.0.0/8"},
		"a public URL with a fragment":       {env: "DOORWARD_PUBLIC_URL=https://id.example.com#x", want: "not of the form"},
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

// TestAProxyMayBeNamedInAnyFormOfItsAddress: addresses of clients are compared in their own form, so that another one would be that of nobody.
func TestAProxyMayBeNamedInAnyFormOfItsAddress(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3": "10.1.2.3/32", "::ffff:10.1.2.3": "10.1.2.3/32", "::ffff:10.1.2.3/104": "10.0.0.0/8", "10.1.2.3/8": "10.0.0.0/8", "::ffff:0:0/96": "0.0.0.0/0",
		"2001:db8::1": "2001:db8::1/128", "2001:db8::1/32": "2001:db8::/32", "fe80::1%eth0": "fe80::1/128",
	} {
		c, _, err := config.Load(config.Sources{Environ: []string{"DOORWARD_TRUSTED_PROXIES=" + text}})
		if err != nil || len(c.TrustedProxies) != 1 || c.TrustedProxies[0].String() != want {
			t.Errorf("%s: %v, %v, want %s", text, c, err, want)
		}
	}
}

func TestAuditRecordsAreKeptAsLongAsSaid(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "1d": 24 * time.Hour, "36500d": 36500 * 24 * time.Hour, "90h30m": 90*time.Hour + 30*time.Minute} {
		c, _, err := config.Load(config.Sources{Environ: []string{"DOORWARD_AUDIT_RETENTION=" + text}})
		if err != nil || c.AuditRetention != want {
			t.Errorf("%s: %s, %v", text, c.AuditRetention, err)
		}
	}
	if c, _, err := config.Load(config.Sources{}); err != nil || c.AuditRetention != 400*24*time.Hour {
		t.Errorf("by default: %s, %v", c.AuditRetention, err)
	}
}

func TestDataCentersAreRoutesFromEverySource(t *testing.T) {
	c, values, err := config.Load(config.Sources{
		File:    write(t, "[data_centers]\neu1 = \"eu1.example.com\"\nau1 = \"file.example.com\"\n"),
		Environ: []string{"DOORWARD_DATA_CENTERS_AU1=env.example.com:8443", "DOORWARD_DATA_CENTERS_JP1=jp1.example.com"},
		Flags:   map[string]string{"data_centers.jp1": "flag.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"eu1": "eu1.example.com", "au1": "env.example.com:8443", "jp1": "flag.example.com"}
	if diff := cmp.Diff(want, c.DataCenters); diff != "" {
		t.Error(diff)
	}
	var keys []string
	for _, v := range values[len(config.Settings()):] {
		keys = append(keys, v.Key+" "+v.Text+" "+v.Origin[:3])
	}
	if diff := cmp.Diff("data_centers.au1 env.example.com:8443 env", keys[0]); diff != "" || len(keys) != 3 {
		t.Error(diff, keys)
	}
}

func TestServiceLinksOfAContainerPlatformAreNoSettings(t *testing.T) {
	var environ []string
	for _, name := range []string{"SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTPS", "PORT", "PORT_443_TCP", "PORT_443_TCP_PROTO", "PORT_443_TCP_PORT", "PORT_443_TCP_ADDR", "NAME", "ENV_PATH"} {
		environ = append(environ, "DOORWARD_"+name+"=x")
	}
	if _, _, err := config.Load(config.Sources{Environ: environ}); err != nil {
		t.Error(err)
	}
	if _, _, err := config.Load(config.Sources{Environ: []string{"DOORWARD_PORTS=1"}}); err == nil {
		t.Error("DOORWARD_PORTS is taken for one")
	}
}

func TestErrorsTellWrongFlagsFromOtherSources(t *testing.T) {
	for source, src := range map[string]config.Sources{
		config.CommandLine:   {Flags: map[string]string{"log.level": "loud"}},
		"DOORWARD_LOG_LEVEL": {Environ: []string{"DOORWARD_LOG_LEVEL=loud"}},
		"nowhere.toml":       {File: "nowhere.toml"},
	} {
		_, _, err := config.Load(src)
		var wrong *config.Error
		if !errors.As(err, &wrong) || wrong.Source != source {
			t.Errorf("%s: got %v", source, err)
		}
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

func TestThePasswordOfTheDatabaseIsNotPrinted(t *testing.T) {
	const secret = "pa55word"
	for text, want := range map[string]string{
		"postgres://me:" + secret + "@db.example.com/doorward?sslmode=verify-full":              "postgres://me:hidden@db.example.com/doorward?sslmode=verify-full",
		"postgresql://me@db.example.com/doorward?password=" + secret + "&sslPassword=" + secret: "postgresql://me@db.example.com/doorward?password=hidden&sslPassword=hidden",
		"postgres://me:" + secret + "@db.example.com:port/doorward":                             "(a URL that cannot be read)",
		"sqlite:/var/lib/doorward.db":                                                           "sqlite:/var/lib/doorward.db",
		"":                                                                                      "",
	} {
		c, values, err := config.Load(config.Sources{Environ: []string{"DOORWARD_DATABASE=" + text}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if v.Key == "database" && v.Text != want || strings.Contains(v.Text, secret) {
				t.Errorf("%s is printed as %q, want %q", v.Key, v.Text, want)
			}
		}
		if c.Database != text {
			t.Errorf("the setting itself is %q, want %q", c.Database, text)
		}
	}
	for _, text := range []string{"mysql://me:" + secret + "@x/y", "sqlite:", secret} {
		_, _, err := config.Load(config.Sources{Environ: []string{"DOORWARD_DATABASE=" + text}})
		if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "sqlite:PATH") {
			t.Errorf("error %v", err)
		}
	}
}
