package config

import (
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ConfigVariable names the configuration file in the environment. MasterKeyVariable holds the master key itself, as
// Base64 of 32 bytes, for installations that keep it in a secret store and not in a file.
const (
	ConfigVariable    = "DOORWARD_CONFIG"
	MasterKeyVariable = "DOORWARD_MASTER_KEY"
)

// Setting is one setting: its key, its default, what it means.
type Setting struct {
	Key     string
	Default string
	Help    string
	set     func(c *Config, text string) error
}

// Variable is the setting's name in the environment.
func (s Setting) Variable() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
}

// Settings lists every setting, in the order in which they are printed. The table data_centers is beside them: it maps
// the id of a data center that another installation serves to that installation's api domain.
func Settings() []Setting { return append([]Setting(nil), settings...) }

var settings = []Setting{
	{"data", "doorward-data", "Folder of the database and, unless said otherwise, of the master key.",
		func(c *Config, v string) error { return needed(&c.Data, v) }},
	{"master_key_file", "", "File of the master key (32 bytes); empty: master.key in the data folder.",
		func(c *Config, v string) error { return text(&c.MasterKeyFile, v) }},
	{databaseKey, "", "Database: empty for doorward.db in the data folder, sqlite:PATH for another file, or postgres://user@host:5432/name for a server that many processes share.",
		func(c *Config, v string) error { return database(&c.Database, v) }},
	{"database_password_file", "", "File of the password of the database; empty: that of the setting database, or what PGPASSWORD and PGPASSFILE say.",
		func(c *Config, v string) error { return text(&c.DatabasePasswordFile, v) }},

	{"listen.http", "", "Address of the plain HTTP listener; empty: none.",
		func(c *Config, v string) error { return address(&c.HTTP, v) }},
	{"listen.https", ":443", "Address of the TLS listener; empty: none.",
		func(c *Config, v string) error { return address(&c.HTTPS, v) }},
	{"listen.ops", "127.0.0.1:9464", "Address of /healthz, /readyz and /metrics; empty: none.",
		func(c *Config, v string) error { return address(&c.Ops, v) }},
	{"public_url", "", "Scheme and host under which clients reach the server, e.g. https://id.example.com.",
		func(c *Config, v string) error { return publicURL(&c.PublicURL, v) }},
	{"tls.cert", "", "Certificate chain, PEM. Read again when the file changes.",
		func(c *Config, v string) error { return text(&c.TLSCert, v) }},
	{"tls.key", "", "Private key of the certificate, PEM.",
		func(c *Config, v string) error { return text(&c.TLSKey, v) }},
	{"trusted_proxies", "", "Comma list of addresses and networks whose X-Forwarded-* and Forwarded headers are believed.",
		func(c *Config, v string) error { return prefixes(&c.TrustedProxies, v) }},
	{"allow_http_secrets", "false", "Accept secrets over plain HTTP (403006 otherwise). Refused by serve.",
		func(c *Config, v string) error { return boolean(&c.AllowHTTP, v) }},

	{"data_center", "us1", "Id of this data center: the label of the sites that are created here.",
		func(c *Config, v string) error { return label(&c.DataCenter, v) }},
	{"issuer", "https://fidm.gigya.com/jwt/{apiKey}/", "Issuer of id_tokens; {apiKey} stands for the site. The default is what the Java SDK compares with.",
		func(c *Config, v string) error { return absolute(&c.Issuer, v) }},
	{"oauth_issuer", "", "Issuer of OAuth 2 access tokens; empty: public_url.",
		func(c *Config, v string) error { return optionalURL(&c.OAuthIssuer, v) }},
	{"content_type", "text/javascript; charset=utf-8", "Content-Type of JSON answers.",
		func(c *Config, v string) error { return mediaType(&c.ContentType, v) }},

	{"compat.templates_without_secret", "dev", "Answer accounts.policies.emailTemplates.getConfig to an apiKey and a user key without its secret, as SAP's toolkit 1.6.7 asks: always, never, or dev (in dev alone).",
		func(c *Config, v string) error { return oneOf(&c.OpenTemplates, v, "always", "never", "dev") }},

	{"log.level", "info", "debug, info, warn or error.",
		func(c *Config, v string) error { return level(&c.LogLevel, v) }},
	{"log.format", "json", "json or text.",
		func(c *Config, v string) error { return oneOf(&c.LogFormat, v, "json", "text") }},

	{"timeout.shutdown", "30s", "How long a stopping server waits for the calls that it accepted.",
		func(c *Config, v string) error { return duration(&c.ShutdownTimeout, v, time.Hour) }},
	{"timeout.call", "60s", "How long one call may take; at most 2m, when its connection is ended.",
		func(c *Config, v string) error { return duration(&c.CallTimeout, v, 2*time.Minute) }},

	{"password.memory_kib", "19456", "Memory of one argon2id hash, in KiB; times password.time at most 1048576.",
		func(c *Config, v string) error { return integer(&c.PasswordMemory, v, 8, 256<<10) }},
	{"password.time", "2", "Passes of one argon2id hash.",
		func(c *Config, v string) error { return integer(&c.PasswordTime, v, 1, 16) }},
	{"password.slots", "0", "Hashes at the same time; 0: one a core.",
		func(c *Config, v string) error { return integer(&c.PasswordSlots, v, 0, 1024) }},
	{"password.queue", "256", "Logins that may wait for a slot; more are answered 403048.",
		func(c *Config, v string) error { return integer(&c.PasswordQueue, v, 1, 1<<16) }},
	{"password.services", "", "Comma list of the URLs that are sent passwords to hash them, at logins of accounts imported with the algorithm custom: https, in dev also http to this machine; empty: none.",
		func(c *Config, v string) error { return list(&c.PasswordServices, v) }},

	{"limit.connections", "10000", "Open connections at each of http and https; more wait until one ends.",
		func(c *Config, v string) error { return integer(&c.Connections, v, 1, 1<<20) }},
	{"limit.connections_per_address", "1000", "Of those, from one address (IPv6: one /64) that is no trusted proxy; more are closed at once.",
		func(c *Config, v string) error { return integer(&c.ConnectionsPerAddress, v, 1, 1<<20) }},
	{"limit.body_memory_mib", "64", "Memory of all request bodies that are being served, in MiB; one that finds no room in 10s is answered 503001.",
		func(c *Config, v string) error { return integer(&c.BodyMemory, v, 32, 1<<16) }},

	{"rate.all_per_address", "0", "Calls of every kind a second from one address (IPv6: one /64), counted before anything else; 0: no limit.",
		func(c *Config, v string) error { return number(&c.RateAll.Limit, v) }},
	{"rate.all_per_address_burst", "0", "How many of them may come at once; 0: a second's worth.",
		func(c *Config, v string) error { return integer(&c.RateAll.Burst, v, 0, 1<<20) }},
	{"rate.per_address", "0", "Client calls a second from one address (IPv6: one /64); 0: no limit.",
		func(c *Config, v string) error { return number(&c.RateClients.Limit, v) }},
	{"rate.per_address_burst", "0", "How many of them may come at once; 0: a second's worth.",
		func(c *Config, v string) error { return integer(&c.RateClients.Burst, v, 0, 1<<20) }},
	{"rate.per_key", "0", "Server calls a second with one credential; 0: no limit.",
		func(c *Config, v string) error { return number(&c.RateKeys.Limit, v) }},
	{"rate.per_key_burst", "0", "How many of them may come at once; 0: a second's worth.",
		func(c *Config, v string) error { return integer(&c.RateKeys.Burst, v, 0, 1<<20) }},

	{"audit.retention", "400d", "How long audit records are kept at most, in days or as a duration; 0: as long as their partner wants, 12 months unless it says otherwise.",
		func(c *Config, v string) error { return retention(&c.AuditRetention, v) }},
	{"audit.personal", "keep", "What becomes of profiles, e-mail addresses and the like in audit records: keep, pseudonymize (equal values stay equal) or omit.",
		func(c *Config, v string) error { return oneOf(&c.AuditPersonal, v, "keep", "pseudonymize", "omit") }},

	{"deleted_sites.retention", "30d", "How long the accounts and settings of a deleted site are kept, in days or as a duration: that long it can be restored; 0: for ever.",
		func(c *Config, v string) error { return retention(&c.DeletedSites, v) }},
}

func text(to *string, v string) error {
	*to = v
	return nil
}

// databaseKey is the one setting that may hold a secret.
const databaseKey = "database"

// database takes the name of a file or the URL of a server. The error does not show it, because it may hold a password.
func database(to *string, v string) error {
	file, isFile := strings.CutPrefix(v, "sqlite:")
	if v != "" && !isServer(v) && (!isFile || file == "") {
		return errors.New("it is neither empty nor of the form sqlite:PATH or postgres://user@host:5432/name")
	}
	*to = v
	return nil
}

func isServer(v string) bool {
	return strings.HasPrefix(v, "postgres://") || strings.HasPrefix(v, "postgresql://")
}

// shown is the text of a setting as it may be printed: without a password.
func shown(key, text string) string {
	const hidden = "hidden"
	if key != databaseKey || !isServer(text) {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "(a URL that cannot be read)"
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, hidden)
			u.RawQuery = query.Encode()
		}
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), hidden)
	}
	return u.String()
}

func needed(to *string, v string) error {
	if v == "" {
		return errors.New("it must not be empty")
	}
	*to = v
	return nil
}

// address takes host:port, with or without the host.
func address(to *string, v string) error {
	if v != "" {
		_, port, err := net.SplitHostPort(v)
		if err != nil || !validPort(port) {
			return fmt.Errorf("%q is not an address such as 127.0.0.1:8080 or :443", v)
		}
	}
	*to = v
	return nil
}

func validPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// label takes the id of a data center: what stands in a host name before .gigya.com.
func label(to *string, v string) error {
	const longest = 63
	if v == "" || len(v) > longest || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(v, "-") != v {
		return fmt.Errorf("%q is not an id such as us1: small letters, digits and hyphens", v)
	}
	*to = v
	return nil
}

// CheckDataCenter tells whether the text may be the id of a data center; the error says what would be.
func CheckDataCenter(id string) error { return label(new(string), id) }

// host takes a bare host name, with or without a port.
func host(to *string, v string) error {
	u, err := url.Parse("https://" + v)
	if err != nil || v == "" || u.Host != v || u.User != nil || strings.ContainsAny(v, " %") || u.Port() != "" && !validPort(u.Port()) {
		return fmt.Errorf("%q is not a host name such as eu1.example.com", v)
	}
	*to = v
	return nil
}

// absolute takes an http or https URL, in which {apiKey} may stand.
func absolute(to *string, v string) error {
	u, err := url.Parse(strings.ReplaceAll(v, "{apiKey}", "x"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%q is not a URL such as https://id.example.com/", v)
	}
	*to = v
	return nil
}

func optionalURL(to *string, v string) error {
	if v == "" {
		*to = ""
		return nil
	}
	return absolute(to, v)
}

func mediaType(to *string, v string) error {
	kind, _, err := mime.ParseMediaType(v)
	if err != nil || !strings.Contains(kind, "/") || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%q is not a media type such as application/json; charset=utf-8", v)
	}
	*to = v
	return nil
}

func boolean(to *bool, v string) error {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", v)
	}
	*to = b
	return nil
}

func integer(to *int, v string, low, high int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return fmt.Errorf("%q is not a whole number from %d to %d", v, low, high)
	}
	*to = n
	return nil
}

func number(to *float64, v string) error {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n <= 1e9) {
		return fmt.Errorf("%q is not a number from 0 to 1000000000", v)
	}
	*to = n
	return nil
}

func duration(to *time.Duration, v string, longest time.Duration) error {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 || d > longest {
		return fmt.Errorf("%q is not a duration such as 30s, up to %s", v, longest)
	}
	*to = d
	return nil
}

// retention takes a number of days, 400d, or a duration, 9600h. It is at least an hour: a shorter one is a mistake, most
// likely a missing unit.
func retention(to *time.Duration, v string) error {
	const longest = 36500
	if v == "0" {
		*to = 0
		return nil
	}
	d, err := time.ParseDuration(v)
	if days, ok := strings.CutSuffix(v, "d"); ok {
		var n uint64
		if n, err = strconv.ParseUint(days, 10, 16); err == nil {
			d = time.Duration(n) * 24 * time.Hour
		}
	}
	if err != nil || d < time.Hour || d > longest*24*time.Hour {
		return fmt.Errorf("%q is not a time such as 400d or 9600h, from 1h to %dd; 0 keeps everything", v, longest)
	}
	*to = d
	return nil
}

func oneOf(to *string, v string, allowed ...string) error {
	for _, a := range allowed {
		if v == a {
			*to = v
			return nil
		}
	}
	return fmt.Errorf("%q is not one of %s", v, strings.Join(allowed, ", "))
}

func level(to *slog.Level, v string) error {
	if err := to.UnmarshalText([]byte(v)); err != nil {
		return fmt.Errorf("%q is not one of debug, info, warn, error", v)
	}
	return nil
}

// list takes texts with commas between them; blanks around them and empty ones are passed over.
func list(to *[]string, v string) error {
	*to = nil
	for _, item := range strings.Split(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*to = append(*to, item)
		}
	}
	return nil
}

func prefixes(to *[]netip.Prefix, v string) error {
	var items []string
	if err := list(&items, v); err != nil {
		return err
	}
	var all []netip.Prefix
	for _, item := range items {
		p, err := network(item)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	*to = all
	return nil
}

// network takes an address or a network. IPv4 within IPv6 is taken for what it is: addresses are compared in their own form.
func network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
	}
	if p.Addr().Is4In6() {
		const mapped = 96 // bits before the IPv4 address
		if p.Bits() < mapped {
			return netip.Prefix{}, fmt.Errorf("%q: want IPv4 networks in their own form, such as 10.0.0.0/8", text)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked(), nil
}

func publicURL(to *string, v string) error {
	if v == "" {
		*to = ""
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%q is not of the form https://id.example.com", v)
	}
	*to = u.Scheme + "://" + u.Host
	return nil
}
