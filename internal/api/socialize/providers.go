package socialize

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
)

// providersText has the social providers that every site knows, as a new site answers them: what their credentials are called, and
// their options. The names are those of recorded answers.
//
//go:embed providers.json
var providersText []byte

// Kinds are the configuration objects of the folder's methods.
func Kinds() []*siteconfig.Kind { return []*siteconfig.Kind{providerKind, switchesKind} }

// providerKind is that of the social providers, by their names. A member of a site group has its parent's until it sets its own: what
// a provider calls an application is one thing, and is not mixed with another's secret.
var providerKind = &siteconfig.Kind{
	Name: "socialProvider", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, Most: maxProviders, Size: 64 << 10,
	// Anybody may have all of them read.
	Total: 2 << 20,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "app", Shape: siteconfig.AnyObject(48 << 10), Required: true},
		siteconfig.Member{Name: "settings", Shape: siteconfig.AnyObject(48 << 10)},
		siteconfig.Member{Name: authorizeEndpoint, Shape: endpoint},
		siteconfig.Member{Name: "tokenEndpoint", Shape: endpoint},
		siteconfig.Member{Name: "userInfoEndpoint", Shape: endpoint},
		siteconfig.Member{Name: "scope", Shape: siteconfig.Text(0, 2048)},
	),
	// secertKey is the wire's spelling for one provider. Members that are not known may hold some, at any depth; an endpoint for
	// tokens is none.
	Secrets: []string{
		"**.*secret*", "**.*secert*", "**.*password*", "**.*passphrase*", "**.*privatekey*", "app.**.*token*", "settings.**.*token",
	},
	Named: func(name string, doc json.RawMessage) error {
		known, err := providerName(name)
		if err == nil && known != name {
			err = gigya.InvalidArgumentBecause("providers", "the name of the provider is "+known)
		}
		return cmp.Or(err, checkKnown("providers."+name, name, doc))
	},
	Default: defaultProviders,
	Summary: "What a social provider knows the site as, and the options of logins there.",
}

// switchesKind is that of what is set for all social providers together.
var switchesKind = &siteconfig.Kind{
	Name: "socialSettings", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentIfAbsent, Size: 64 << 10,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "settings", Shape: siteconfig.Text(0, 16<<10)},
		siteconfig.Member{Name: "capabilities", Shape: siteconfig.Text(0, 16<<10)},
	),
	Default: func(*site.Site) map[string]json.RawMessage {
		return map[string]json.RawMessage{"": json.RawMessage(`{"settings":"","capabilities":"none"}`)}
	},
	Summary: "Switches for social logins as a whole.",
}

// authorizeEndpoint is the member that makes a provider of any name one that logins can be sent to.
const authorizeEndpoint = "authorizeEndpoint"

var endpoint = siteconfig.TextThat("an https URL of at most 2048 bytes", func(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= 2048 && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && !strings.ContainsAny(text, " \\")
})

// defaultProviders returns the providers of a site that has set none up.
func defaultProviders(*site.Site) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	_ = document.Members(providersText, func(name string, raw []byte) bool {
		all[name] = raw
		return true
	})
	return all
}

// knownProviders are their names, in the recorded order.
func knownProviders() []string {
	var names []string
	_ = document.Members(providersText, func(name string, _ []byte) bool {
		names = append(names, name)
		return true
	})
	return names
}

// maxProviders bounds the providers of a site, and of one call; maxProviderName the name of one, in bytes.
const (
	maxProviders    = 200
	maxProviderName = 64
)

// providerName returns the name that a provider is stored under; another letter case is that of a known one.
func providerName(name string) (string, error) {
	for _, known := range knownProviders() {
		if strings.EqualFold(known, name) {
			return known, nil
		}
	}
	if name == "" || len(name) > maxProviderName ||
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", gigya.InvalidArgumentBecause("providers", "a name has 1 to 64 letters, digits, _ and -")
	}
	return name, nil
}

// inOrder sorts the providers as recorded answers do: the known ones in their order, then others by name.
func inOrder(list []siteconfig.Entry) []siteconfig.Entry {
	known := knownProviders()
	place := func(e siteconfig.Entry) int {
		if at := slices.Index(known, e.Name); at >= 0 {
			return at
		}
		return len(known)
	}
	slices.SortStableFunc(list, func(a, b siteconfig.Entry) int { return place(a) - place(b) })
	return list
}

// configured tells whether the provider knows the site: one of its credentials that is no secret is there.
func configured(doc json.RawMessage) bool {
	app, _ := document.Member(providerKind.WithoutSecrets(doc), "app")
	found := false
	_ = document.Members(app, func(_ string, raw []byte) bool {
		text, ok := document.Text(raw)
		found = ok && text != ""
		return !found
	})
	return found
}
