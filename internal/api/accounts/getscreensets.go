package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// GetScreenSetsParams are the parameters of accounts.getScreenSets.
type GetScreenSetsParams struct {
	// ScreenSetIDs is a comma list or a JSON array; empty: all screen-sets of the site.
	ScreenSetIDs string `param:"screenSetIDs,len=65536,alias=screenSetID"`
	// Include names the members to return; metadata comes only when it is named.
	Include method.List `param:"include"`
	// Lang asks for the texts of one language; empty: of all.
	Lang string `param:"lang,len=64"`
	// Version is that of the screen-set, or latest. Only the present one is kept.
	Version string `param:"version,alias=screenSetVersion"`
}

// ScreenSetsResult is the answer of accounts.getScreenSets.
type ScreenSetsResult struct {
	// ScreenSets are in the order in which they were named, else in that of their ids.
	ScreenSets []json.RawMessage `json:"screenSets"`
}

// getScreenSets serves accounts.getScreenSets: the screen-sets of the site. One of its group's parent is returned when it is
// named.
//
// Anybody may call: the web SDK does, from the page. Unknown ids are left out; if all that were named are unknown it is 404000.
// A member that there is not is 400006.
//
// Sources: the REST guide; recorded fixtures of the toolkit; the web SDK's calls.
func getScreenSets(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getScreenSets",
		Summary: "Returns the site's screen-sets, all or the named ones.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
		Partial: "earlier versions of a screen-set",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetScreenSetsParams]) (*ScreenSetsResult, error) {
		include, err := screenSetInclude(c.Params.Include)
		if err != nil {
			return nil, err
		}
		entries, err := d.screenSets(ctx, c)
		if err != nil {
			return nil, err
		}
		result := &ScreenSetsResult{ScreenSets: make([]json.RawMessage, 0, len(entries))}
		for i := range entries {
			shown, err := showScreenSet(c.Site, &entries[i], include, c.Params.Lang)
			if err != nil {
				return nil, err
			}
			result.ScreenSets = append(result.ScreenSets, shown)
		}
		return result, nil
	})
}

// screenSetInclude returns the members to answer.
func screenSetInclude(named []string) ([]string, error) {
	if len(named) == 0 {
		return []string{"html", "css", "javascript", "translations"}, nil
	}
	for _, name := range named {
		if !slices.Contains(screenSetMembers, name) {
			return nil, gigya.InvalidArgumentBecause("include", "a screen-set has no "+strconv.Quote(name)+", but "+strings.Join(screenSetMembers, ", "))
		}
	}
	return named, nil
}

// screenSets returns the screen-sets that the call asks for.
func (d Deps) screenSets(ctx context.Context, c *method.Call[GetScreenSetsParams]) ([]siteconfig.Entry, error) {
	wanted, err := wantedVersion(c.Params.Version)
	if err != nil {
		return nil, err
	}
	ids, err := screenSetIDs(c.Params.ScreenSetIDs)
	if err != nil {
		return nil, err
	}
	var entries []siteconfig.Entry
	if len(ids) == 0 {
		if entries, err = d.Config.List(ctx, c.Site, screenSetKind); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		e, err := d.screenSet(ctx, c.Invocation, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, *e)
	}
	entries = slices.DeleteFunc(entries, func(e siteconfig.Entry) bool { return wanted != 0 && wanted != versionOf(e.Document) })
	if len(ids) > 0 && len(entries) == 0 {
		return nil, gigya.NewError(gigya.NotFound, "There is no such screen-set")
	}
	return entries, nil
}

// screenSet returns the site's screen-set of the id, or that of its group's parent.
func (d Deps) screenSet(ctx context.Context, c *method.Invocation, id string) (*siteconfig.Entry, error) {
	if checkScreenSetID(id) != nil {
		return nil, store.ErrNotFound
	}
	e, err := d.Config.Entry(ctx, c.Site, screenSetKind, id)
	if !errors.Is(err, store.ErrNotFound) || !c.Site.IsMember() {
		return e, err
	}
	parent, err := d.Sites.Site(ctx, c.Site.Group)
	if err != nil {
		return nil, err
	}
	return d.Config.Entry(ctx, parent, screenSetKind, id)
}

// screenSetIDs reads the parameter screenSetIDs: each id once, in its order.
func screenSetIDs(text string) ([]string, error) {
	text = strings.TrimSpace(text)
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		if id = strings.TrimSpace(id); id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if strings.HasPrefix(text, "[") {
		list, err := jsonArray("screenSetIDs", text)
		if err != nil {
			return nil, err
		}
		for _, v := range list.Items() {
			if v.Kind() != document.KindString {
				return nil, gigya.InvalidFormat("screenSetIDs", "want a JSON array of strings")
			}
			add(v.Str())
		}
	} else {
		for id := range strings.SplitSeq(text, ",") {
			add(id)
		}
	}
	if most := screenSetKind.Most; len(ids) > most {
		return nil, gigya.InvalidArgumentBecause("screenSetIDs", "at most "+strconv.Itoa(most))
	}
	return ids, nil
}

// wantedVersion reads the parameter version; 0: the present one.
func wantedVersion(text string) (int64, error) {
	if text == "" || strings.EqualFold(text, "latest") {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, gigya.InvalidArgumentBecause("version", "must be a number or latest")
	}
	return n, nil
}

// versionOf is the version of a screen-set, at least 1.
func versionOf(doc json.RawMessage) int64 {
	raw, _ := document.MemberAt(doc, "metadata", "version")
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 1 {
		return 1
	}
	return n
}
