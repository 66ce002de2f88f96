// Package config is the configuration of a server process: flags, environment and one file, in that order of strength.
//
// Every setting has one dotted key. In the file (TOML) it stands under that key, in the environment it is DOORWARD_ and
// the key in upper case with underscores for dots (tls.cert is DOORWARD_TLS_CERT), as a flag it is --set key=value or a
// flag of its own. An unknown key is an error that names the nearest known one. The empty configuration, with the
// defaults of [Settings], is safe for production.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config are the settings in force. What each means stands beside its key in settings.go.
type Config struct {
	Data          string
	MasterKeyFile string
	// Database is empty or begins with sqlite:, postgres:// or postgresql://. It may hold a password: it is not printed.
	Database             string
	DatabasePasswordFile string

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
	// OpenTemplates is always, never or dev.
	OpenTemplates string

	LogLevel  slog.Level
	LogFormat string

	ShutdownTimeout time.Duration
	CallTimeout     time.Duration

	PasswordMemory int
	PasswordTime   int
	PasswordSlots  int
	PasswordQueue  int
	// PasswordServices are URLs; the text of each is as it was written.
	PasswordServices []string

	Connections           int
	ConnectionsPerAddress int
	// BodyMemory is in MiB.
	BodyMemory int

	RateAll     Rate
	RateClients Rate
	RateKeys    Rate

	AuditRetention time.Duration
	AuditPersonal  string

	// DeletedSites is how long what belonged to a deleted site is kept; 0: for ever.
	DeletedSites time.Duration
}

// Rate is a bound on calls: Limit a second in the long run, Burst at once. Without a Limit nothing is bounded.
type Rate struct {
	Limit float64
	Burst int
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

// CommandLine is the source of settings that flags give.
const CommandLine = "the command line"

// An Error says which setting is wrong, where it stands and what would be right.
type Error struct {
	// Source is the name of the file, the variable of the environment, or [CommandLine].
	Source string
	// Key is the setting; empty: the source cannot be read at all.
	Key string
	Err error
}

func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s: %v", e.Source, e.Err)
	}
	return fmt.Sprintf("%s: setting %s: %v", e.Source, e.Key, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the sources. The values come back in the order of [Settings], the data centers after them. Errors are
// *[Error].
func Load(src Sources) (*Config, []Value, error) {
	l := loader{texts: map[string]Value{}, sources: map[string]string{}, dataCenters: map[string]Value{}}
	for _, s := range settings {
		l.texts[s.Key] = Value{Key: s.Key, Text: s.Default, Origin: "default"}
	}
	for _, step := range []func(Sources) error{l.file, l.environment, l.flags} {
		if err := step(src); err != nil {
			return nil, nil, err
		}
	}
	return l.config()
}

// loader gathers the texts of the settings, weak sources first.
type loader struct {
	texts map[string]Value
	// sources tells errors where a text stands, more exactly than its origin.
	sources map[string]string
	// dataCenters are the entries of the table data_centers by their id.
	dataCenters map[string]Value
}

// dataCentersTable is the one table whose keys the operator chooses.
const dataCentersTable = "data_centers."

// put takes a text for a key. It answers false for a key that there is not.
func (l *loader) put(source, origin, key, text string) bool {
	if id, ok := strings.CutPrefix(key, dataCentersTable); ok && id != "" {
		l.dataCenters[id] = Value{Key: key, Text: text, Origin: origin}
	} else if _, ok := l.texts[key]; ok {
		l.texts[key] = Value{Key: key, Text: text, Origin: origin}
	} else {
		return false
	}
	l.sources[key] = source
	return true
}

func (l *loader) file(src Sources) error {
	if src.File == "" {
		return nil
	}
	content, err := os.ReadFile(src.File)
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Source: src.File, Err: fmt.Errorf("there is no such configuration file: name another (--config or %s), or none", ConfigVariable)}
	}
	if err != nil {
		return &Error{Source: src.File, Err: fmt.Errorf("reading the configuration: %w", err)}
	}
	var tree map[string]any
	if err := toml.Unmarshal(content, &tree); err != nil {
		return &Error{Source: src.File, Err: err}
	}
	return flatten("", tree, func(key string, v any) error {
		text, err := textOf(v)
		if err != nil {
			return &Error{src.File, key, err}
		}
		if !l.put(src.File, src.File, key, text) {
			return unknown(src.File, key)
		}
		return nil
	})
}

func (l *loader) environment(src Sources) error {
	byVariable := map[string]string{}
	for _, s := range settings {
		byVariable[s.Variable()] = s.Key
	}
	const dataCenter = prefix + "DATA_CENTERS_"
	for _, entry := range src.Environ {
		name, text, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, prefix) || name == ConfigVariable || name == MasterKeyVariable ||
			strings.HasPrefix(name, testPrefix) || serviceLink.MatchString(name) {
			continue
		}
		key, ok := byVariable[name]
		if id, found := strings.CutPrefix(name, dataCenter); found && !ok {
			key = dataCentersTable + strings.ToLower(id)
		}
		if !l.put(name, "environment", key, text) {
			return unknown(name, strings.ToLower(strings.TrimPrefix(name, prefix)))
		}
	}
	return nil
}

// testPrefix begins the variables that speak to the program's own tests, whose servers inherit them.
const testPrefix = prefix + "TEST_"

// serviceLink are the variables that Kubernetes and Docker set in the neighbours of a service named doorward. They are
// no settings.
var serviceLink = regexp.MustCompile(`^DOORWARD_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?|NAME|ENV_.*)$`)

func (l *loader) flags(src Sources) error {
	for _, key := range sortedKeys(src.Flags) {
		if !l.put(CommandLine, "flag", key, src.Flags[key]) {
			return unknown(CommandLine, key)
		}
	}
	return nil
}

// config reads the texts.
func (l *loader) config() (*Config, []Value, error) {
	c := &Config{DataCenters: map[string]string{}}
	values := make([]Value, 0, len(settings)+len(l.dataCenters))
	for _, s := range settings {
		v := l.texts[s.Key]
		if err := s.set(c, v.Text); err != nil {
			return nil, nil, &Error{l.sources[s.Key], s.Key, err}
		}
		v.Text = shown(s.Key, v.Text)
		values = append(values, v)
	}
	if err := l.checkBursts(c); err != nil {
		return nil, nil, err
	}
	for _, id := range sortedKeys(l.dataCenters) {
		v := l.dataCenters[id]
		domain := ""
		err := label(new(string), id)
		if err == nil {
			err = host(&domain, v.Text)
		}
		if err == nil && id == c.DataCenter {
			err = fmt.Errorf("%s is this installation's own data center (setting data_center): its sites are served here", id)
		}
		if err != nil {
			return nil, nil, &Error{l.sources[v.Key], v.Key, err}
		}
		c.DataCenters[id] = domain
		values = append(values, v)
	}
	return c, values, nil
}

// checkBursts refuses a burst of a rate that there is not.
func (l *loader) checkBursts(c *Config) error {
	for _, rate := range []struct {
		key string
		Rate
	}{{"rate.all_per_address", c.RateAll}, {"rate.per_address", c.RateClients}, {"rate.per_key", c.RateKeys}} {
		if rate.Burst > 0 && rate.Limit == 0 {
			key := rate.key + "_burst"
			return &Error{l.sources[key], key, fmt.Errorf("it bounds nothing alone: set %s too", rate.key)}
		}
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
	return "", errors.New("want a text, a number, true, false or a list of them")
}

// unknown says that there is no such setting, and which one may be meant.
func unknown(source, key string) *Error {
	best, distance := "", 4
	for _, s := range settings {
		// In the environment dots are underscores: the nearest is looked for without the difference.
		if d := editDistance(strings.ReplaceAll(s.Key, ".", "_"), strings.ReplaceAll(key, ".", "_")); d < distance {
			best, distance = s.Key, d
		}
	}
	if best == "" {
		return &Error{Source: source, Err: fmt.Errorf("there is no setting %q; `doorward config` lists them all", key)}
	}
	if _, ok := strings.CutPrefix(source, prefix); ok {
		return &Error{Source: source, Err: fmt.Errorf("there is no setting %q; did you mean %s?", key, Setting{Key: best}.Variable())}
	}
	return &Error{Source: source, Err: fmt.Errorf("there is no setting %q; did you mean %q?", key, best)}
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
