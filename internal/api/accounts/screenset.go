package accounts

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// screenSetName is the name of the kind.
const screenSetName = "screenSet"

// screenSetKind is a screen-set, by its id. Each site has its own; the default ones are there until it stores others.
var screenSetKind = &siteconfig.Kind{
	Name: screenSetName, Of: siteconfig.OfSite, Large: true, Most: 500, Size: 2 << 20,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "html", Shape: siteconfig.Text(1, 2<<20), Required: true},
		siteconfig.Member{Name: "css", Shape: siteconfig.Text(0, 2<<20)},
		siteconfig.Member{Name: "javascript", Shape: siteconfig.Text(0, 2<<20)},
		siteconfig.Member{Name: "translations", Shape: siteconfig.Map(200, siteconfig.Map(10_000, siteconfig.Text(0, 1<<20)))},
		siteconfig.Member{Name: "metadata", Shape: siteconfig.AnyObject(2 << 20)},
	),
	Named:   func(name string, _ json.RawMessage) error { return checkScreenSetID(name) },
	Needed:  screenSetNeeded,
	Default: defaultScreenSets,
	Summary: "Screen-sets: the forms that the web SDK shows.",
}

// checkScreenSetID refuses what cannot be the id of a screen-set: it is part of addresses and file names.
func checkScreenSetID(id string) error {
	const longest = 100
	odd := strings.ContainsFunc(id, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_. ()", r)
	})
	if id == "" || len(id) > longest || odd || strings.HasPrefix(id, ".") || strings.Contains(id, "..") || strings.TrimSpace(id) != id {
		return gigya.InvalidArgumentBecause("screenSetID", "want at most 100 letters, digits, blanks and the characters - _ . ( )")
	}
	return nil
}

// screenSetNeeded refuses to remove a screen-set that the policies name as the one to register with: those of the site, and those of
// members of its group that have none of the name themselves. A default one is there for good.
func screenSetNeeded(tx store.Tx, s *site.Site, id string) error {
	plugins, _ := s.Policies.Section(pluginsGroup)
	if err := screenSetNamed(plugins, id, ""); err != nil || s.Group != s.APIKey {
		return err
	}
	all, err := tx.Sites(0)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Group != s.APIKey || m.APIKey == s.APIKey || m.Status == store.SiteDeleted {
			continue
		}
		plugins, _ := document.Member(m.Policies, pluginsGroup)
		named := screenSetNamed(plugins, id, " of the member "+m.APIKey)
		if named == nil {
			continue
		}
		if _, err := tx.ConfigObject(m.APIKey, screenSetName, id); errors.Is(err, store.ErrNotFound) {
			return named
		} else if err != nil {
			return err
		}
	}
	return nil
}

// pluginsGroup is the group of policies that names screen-sets.
const pluginsGroup = "gigyaPlugins"

// screenSetNamed refuses the id if the group of policies names it; whose says whose they are.
func screenSetNamed(plugins json.RawMessage, id, whose string) error {
	for _, name := range []string{"defaultRegScreenSet", "defaultMobileRegScreenSet"} {
		raw, _ := document.Member(plugins, name)
		if text, _ := document.Text(raw); text == id && !isDefaultScreenSet(id) {
			return gigya.InvalidArgumentBecause("screenSetID", pluginsGroup+"."+name+" of the policies"+whose+" names it")
		}
	}
	return nil
}

// screens are the default screen-sets, of our own under the documented ids: what they show, and their style.
//
//go:embed screens/screens.json screens/screens.css
var screens embed.FS

// readScreens makes the default screen-sets once: they are part of the program.
var readScreens = sync.OnceValues(func() (map[string]json.RawMessage, error) {
	text, err := screens.ReadFile("screens/screens.json")
	if err != nil {
		return nil, err
	}
	css, err := screens.ReadFile("screens/screens.css")
	if err != nil {
		return nil, err
	}
	return drawScreenSets(text, string(css))
})

// drawScreenSets returns the screen-sets of a design, by their ids.
func drawScreenSets(text []byte, css string) (map[string]json.RawMessage, error) {
	design, err := readDesign(text)
	if err != nil {
		return nil, err
	}
	sets := make(map[string]json.RawMessage, len(design.Sets))
	for i := range design.Sets {
		about := &design.Sets[i]
		html, texts, err := design.draw(about)
		if err != nil {
			return nil, err
		}
		translations, metadata, set := &document.Object{}, &document.Object{}, &document.Object{}
		translations.Set("default", document.FromObject(texts))
		metadata.Set("version", document.Int(1))
		metadata.Set("desc", document.String(about.Desc))
		set.Set("html", document.String(html))
		set.Set("css", document.String(css))
		set.Set("javascript", document.String(""))
		set.Set("translations", document.FromObject(translations))
		set.Set("metadata", document.FromObject(metadata))
		sets[about.ID] = set.JSON()
	}
	return sets, nil
}

// defaultScreenSets are the screen-sets of a site that stored none.
func defaultScreenSets(*site.Site) map[string]json.RawMessage {
	sets, err := readScreens()
	if err != nil {
		return nil // A test reads them all.
	}
	return sets
}

// isDefaultScreenSet tells whether every site has a screen-set of the id.
func isDefaultScreenSet(id string) bool { return defaultScreenSets(nil)[id] != nil }

func unixSeconds(m clock.Millis) int64 { return m.Time().Unix() }

// screenSetMembers are the members of a screen-set in the recorded order.
var screenSetMembers = []string{"screenSetID", "html", "css", "javascript", "translations", "rawTranslations", "compressionType", "metadata"}

// showScreenSet returns what the call wants of the screen-set; its id and the two members without a known meaning are always
// there.
func showScreenSet(s *site.Site, e *siteconfig.Entry, include []string, lang string) (json.RawMessage, error) {
	stored, err := document.ParseObject(e.Document)
	if err != nil {
		return nil, fmt.Errorf("reading a screen-set: %w", err)
	}
	shown := &document.Object{}
	shown.Set("screenSetID", document.String(e.Name))
	for _, name := range screenSetMembers[1:] {
		v, _ := stored.Get(name)
		switch name {
		case "rawTranslations":
			shown.Set(name, document.String(""))
			continue
		case "compressionType":
			shown.Set(name, document.Int(1))
			continue
		case "html", "css", "javascript":
			if v.IsNull() {
				v = document.String("")
			}
		case "translations":
			v = document.FromObject(ofLanguage(v.Object(), lang))
		case "metadata":
			v = document.FromObject(metadataOf(s, v.Object(), e))
		}
		if slices.Contains(include, name) {
			shown.Set(name, v)
		}
	}
	return shown.JSON(), nil
}

// ofLanguage returns the translations of the language, else of the language without its region, else the base texts; all of
// them if no language is asked for.
func ofLanguage(all *document.Object, lang string) *document.Object {
	if lang == "" {
		return all.Clone()
	}
	base, _, _ := strings.Cut(lang, "-")
	one := &document.Object{}
	for _, name := range []string{lang, base, "default"} {
		if v, ok := all.Get(name); ok {
			one.Set(name, v)
			break
		}
	}
	return one
}

// metadataOf returns the metadata with version and time, which a file may have left out. The default screen-sets are as old as
// the site.
func metadataOf(s *site.Site, stored *document.Object, e *siteconfig.Entry) *document.Object {
	shown := stored.Clone()
	if _, ok := shown.Get("version"); !ok {
		shown.Set("version", document.Int(1))
	}
	if _, ok := shown.Get("lastModified"); !ok {
		modified := e.Updated
		if modified == 0 {
			modified = s.Created
		}
		shown.Set("lastModified", document.Int(unixSeconds(modified)))
	}
	return shown
}
