package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// customName is the algorithm whose hashes another program makes: the service that the setting URL names.
const customName = "custom"

// Bounds of a hash that a service made, which is a text that only the service understands.
const (
	minServiceHash, maxServiceHash = 16, 256
	maxServiceURL                  = 400
)

// CheckService returns an error unless the URL may name a service that is sent passwords: https, or http to this machine
// itself, without a name and password in it and without a fragment.
func CheckService(service string) error {
	u, err := url.Parse(service)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Fragment != "" || !printable(service):
		return fmt.Errorf("%.100q is not a URL such as https://hash.example.com/v1", service)
	case len(service) > maxServiceURL:
		return fmt.Errorf("%.100q… is longer than %d bytes", service, maxServiceURL)
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return fmt.Errorf("%q would carry passwords in the clear: want https, or http to this machine itself", service)
	}
	return nil
}

// isLoopback goes by the name alone: what a name resolves to may change.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// custom is a hash that a service made. Its text is
//
//	$custom$u=<URL>[,r=<rounds>][,f=<format>][,b=<binary format>]$<salt>$<hash>
//
// with everything but the number in URL-safe Base64 without padding. The settings are the service's to understand.
type custom struct {
	settings Settings
	// hash is what the service answered when the password was chosen.
	hash string
}

// newCustom checks a hash and its settings. The error is a *SettingError.
func newCustom(hash string, s Settings) (*custom, error) {
	hash, s.Algorithm = strings.TrimSpace(hash), customName
	switch {
	case s.URL == "":
		return nil, refuse("URL", "is missing: custom needs the service that hashes")
	case CheckService(s.URL) != nil:
		return nil, refuse("URL", "want https, or http to this machine itself, and at most "+strconv.Itoa(maxServiceURL)+" bytes")
	case len(hash) < minServiceHash || len(hash) > maxServiceHash || !printable(hash):
		return nil, refuse("hashedPassword", fmt.Sprintf("want the answer of the service: %d to %d visible ASCII characters", minServiceHash, maxServiceHash))
	case s.Rounds < 0 || s.Rounds > math.MaxInt32:
		return nil, refuse("rounds", "want a positive number of 31 bits")
	case len(s.Salt) > maxSaltText:
		return nil, refuse("salt", "at most "+strconv.Itoa(maxSaltText)+" bytes")
	case s.Format != "" && s.BinaryFormat != "":
		return nil, refuse("binaryFormat", "cannot stand beside format")
	case len(s.Format) > maxForeignFormat:
		return nil, refuse("format", "at most "+strconv.Itoa(maxForeignFormat)+" bytes")
	case len(s.BinaryFormat) > maxForeignFormat:
		return nil, refuse("binaryFormat", "at most "+strconv.Itoa(maxForeignFormat)+" bytes")
	}
	return &custom{settings: s, hash: hash}, nil
}

// matches implements stored. Nothing here can tell: [Hasher.Prove] asks the service.
func (c *custom) matches(string) bool { return false }

// current implements stored.
func (c *custom) current(Params) bool { return false }

// made tells whether the service answered with the hash.
func (c *custom) made(answer string) bool {
	return subtle.ConstantTimeCompare([]byte(answer), []byte(c.hash)) == 1
}

func (c *custom) explain() (string, Settings) { return c.hash, c.settings }

// String is the stored text.
func (c *custom) String() string {
	enc := base64.RawURLEncoding
	text := "$" + customName + "$u=" + enc.EncodeToString([]byte(c.settings.URL))
	if c.settings.Rounds > 0 {
		text += ",r=" + strconv.FormatInt(c.settings.Rounds, 10)
	}
	for _, setting := range [...]struct{ name, value string }{{"f", c.settings.Format}, {"b", c.settings.BinaryFormat}} {
		if setting.value != "" {
			text += "," + setting.name + "=" + enc.EncodeToString([]byte(setting.value))
		}
	}
	return text + "$" + enc.EncodeToString([]byte(c.settings.Salt)) + "$" + enc.EncodeToString([]byte(c.hash))
}

// parseCustom is readCustom for the table of formats.
func parseCustom(encoded string) (stored, error) {
	c, err := readCustom(encoded)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// readCustom reads what String wrote, and nothing else: there is one text for a hash.
func readCustom(encoded string) (*custom, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return nil, fmt.Errorf("%w: not four parts", ErrFormat)
	}
	var s Settings
	for _, setting := range strings.Split(parts[2], ",") {
		name, value, _ := strings.Cut(setting, "=")
		if name == "r" {
			// What is not written the shortest way does not survive the comparison below.
			s.Rounds, _ = strconv.ParseInt(value, 10, 32)
			continue
		}
		to, known := map[string]*string{"u": &s.URL, "f": &s.Format, "b": &s.BinaryFormat}[name]
		text, err := decodeText(value)
		if !known || err != nil {
			return nil, fmt.Errorf("%w: bad setting", ErrFormat)
		}
		*to = text
	}
	salt, err := decodeText(parts[3])
	hash, bad := decodeText(parts[4])
	if err != nil || bad != nil {
		return nil, fmt.Errorf("%w: bad salt or hash", ErrFormat)
	}
	s.Salt = salt
	c, err := newCustom(hash, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.String() != encoded {
		return nil, fmt.Errorf("%w: not as it would be written", ErrFormat)
	}
	return c, nil
}

func decodeText(text string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return string(raw), err
}
