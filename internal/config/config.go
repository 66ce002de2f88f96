// Package config is the configuration of a server process: flags, environment and one file, in that order of strength.
//
// Every setting has one dotted key. In the file (TOML) it stands under that key, in the environment it is DOORWARD_ and
// the key in upper case with underscores for dots (tls.cert is DOORWARD_TLS_CERT), as a flag it is --set key=value or a
// flag of its own. An unknown key is an error that names the nearest known one. The zero configuration, with the
// defaults of [Settings], is safe for production.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config are the settings in force. What each means stands beside its key in settings.go.
type Config struct {
	Data          string
	MasterKeyFile string

	HTTP      string
	HTTPS     string
	Ops       string
	PublicURL string
	TLSCert   string
	TLSKey    string

	TrustedProxies []netip.Prefix
	AllowHTTP      bool

	DataCenter  string
	DataCenters map[string]string
	Issuer      string
	OAuthIssuer string
	ContentType string

	LogLevel  slog.Level
	LogFormat string

	ShutdownTimeout time.Duration
	CallTimeout     time.Duration

	PasswordMemory int
	PasswordTime   int
	PasswordSlots  int
	PasswordQueue  int

	RatePerAddress float64
	RatePerKey     float64
}

// Value is a setting in force and where it comes from.
type Value struct {
	Key string
	// Text is the value as it would be written in the environment.
	Text string
	// Origin is "default", "environment", "flag", or the name of the file.
	Origin string
}

// Sources are where settings come from.
type Sources struct {
	// File is the TOML file; empty: none.
	File string
	// Environ are the process's environment entries, KEY=value.
	Environ []string
	// Flags are settings by key.
	Flags map[string]string
}

const prefix = "DOORWARD_"

// Load reads the sources. The values come back in the order of [Settings]. An error names the source, the key and what
// would be right.
func Load(src Sources) (*Config, []Value, error) {
	texts := map[string]Value{}
	for _, s := range settings {
		texts[s.Key] = Value{Key: s.Key, Text: s.Default, Origin: "default"}
	}
	dataCenters := map[string]string{}
	if src.File != "" {
		if err := loadFile(src.File, texts, dataCenters); err != nil {
			return nil, nil, err
		}
	}
	if err := loadEnvironment(src.Environ, texts); err != nil {
		return nil, nil, err
	}
	for key, text := range src.Flags {
		if _, ok := texts[key]; !ok {
			return nil, nil, unknown("the command line", key)
		}
		texts[key] = Value{Key: key, Text: text, Origin: "flag"}
	}
	c := &Config{DataCenters: dataCenters}
	values := make([]Value, 0, len(settings))
	for _, s := range settings {
		v := texts[s.Key]
		if err := s.set(c, v.Text); err != nil {
			return nil, nil, fmt.Errorf("%s: setting %s: %w", v.Origin, s.Key, err)
		}
		values = append(values, v)
	}
	for _, id := range sortedKeys(dataCenters) {
		values = append(values, Value{Key: "data_centers." + id, Text: dataCenters[id], Origin: src.File})
	}
	return c, values, nil
}

func loadFile(name string, texts map[string]Value, dataCenters map[string]string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(content, &tree); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return flatten("", tree, func(key string, v any) error {
		text, err := textOf(v)
		if err != nil {
			return fmt.Errorf("%s: setting %s: %w", name, key, err)
		}
		if id, ok := strings.CutPrefix(key, "data_centers."); ok {
			dataCenters[id] = text
			return nil
		}
		if _, ok := texts[key]; !ok {
			return unknown(name, key)
		}
		texts[key] = Value{Key: key, Text: text, Origin: name}
		return nil
	})
}

func loadEnvironment(environ []string, texts map[string]Value) error {
	byVariable := map[string]string{}
	for _, s := range settings {
		byVariable[s.Variable()] = s.Key
	}
	for _, entry := range environ {
		name, text, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, prefix) || name == ConfigVariable || name == MasterKeyVariable {
			continue
		}
		key, ok := byVariable[name]
		if !ok {
			return unknown("the environment", strings.ToLower(strings.TrimPrefix(name, prefix)))
		}
		texts[key] = Value{Key: key, Text: text, Origin: "environment"}
	}
	return nil
}

// flatten calls fn for every leaf of the tree, in the order of the keys.
func flatten(above string, tree map[string]any, fn func(key string, v any) error) error {
	for _, name := range sortedKeys(tree) {
		key := name
		if above != "" {
			key = above + "." + name
		}
		if below, ok := tree[name].(map[string]any); ok {
			if err := flatten(key, below, fn); err != nil {
				return err
			}
			continue
		}
		if err := fn(key, tree[name]); err != nil {
			return err
		}
	}
	return nil
}

func textOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool, int64, float64:
		return fmt.Sprint(v), nil
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			text, err := textOf(item)
			if err != nil {
				return "", err
			}
			parts[i] = text
		}
		return strings.Join(parts, ","), nil
	}
	return "", fmt.Errorf("a %T is of no use here", v)
}

func unknown(source, key string) error {
	best, distance := "", 4
	for _, s := range settings {
		if d := editDistance(s.Key, key); d < distance {
			best, distance = s.Key, d
		}
	}
	if best != "" {
		return fmt.Errorf("%s: there is no setting %q; did you mean %q?", source, key, best)
	}
	return fmt.Errorf("%s: there is no setting %q; `doorward config` lists them all", source, key)
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
