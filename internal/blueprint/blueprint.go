package blueprint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// Options are what a blueprint works with.
type Options struct {
	Store   store.Store
	Factory site.Factory
	Clock   clock.Clock
	// Kinds are all kinds of configuration objects that the server has.
	Kinds []*siteconfig.Kind
	// DataCenter is the label of a new site that names none, DataCenters those that it may have beside the original's.
	DataCenter  string
	DataCenters []string
}

// Blueprint reads configuration from a store and makes it what files say. It is safe for concurrent use.
type Blueprint struct {
	Options
	sections []*section
	book     *siteconfig.Book
	rules    admin.Deps
}

// New returns a blueprint. Two kinds of one name are an error.
func New(o Options) (*Blueprint, error) {
	list, err := sections(o.Kinds)
	if err != nil {
		return nil, err
	}
	directory := site.NewDirectory(o.Store, o.Factory.Sealer)
	b := &Blueprint{Options: o, sections: list, book: siteconfig.New(o.Store, directory, o.Factory.Sealer, o.Clock)}
	b.rules = admin.Deps{
		Store: o.Store, Sites: directory, Config: b.book, Factory: o.Factory, DataCenter: o.DataCenter, DataCenters: o.DataCenters,
	}
	return b, nil
}

// errUndo ends a transaction that is not meant to stay.
var errUndo = errors.New("undone on purpose")

// Selection says what to export; the zero value is everything.
type Selection struct {
	// Sites are API keys; none: all sites that were not deleted, and all partners.
	Sites []string
}

// Export reads the configuration as it is at one moment.
func (b *Blueprint) Export(ctx context.Context, of Selection) (*Tree, error) {
	partners, err := b.Store.Partners(ctx)
	if err != nil {
		return nil, err
	}
	var tree *Tree
	err = b.Store.Change(ctx, func(tx store.Tx) error {
		tree = &Tree{}
		if err := b.export(tx, partners, of, tree); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		return nil, err
	}
	return tree, nil
}

func (b *Blueprint) export(tx store.Tx, partners []*store.Partner, of Selection, tree *Tree) error {
	names, domains := map[string]int{}, map[string]int{}
	for _, p := range partners {
		names[strings.ToLower(escape(p.Name))]++
	}
	all, err := tx.Sites(0)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s *store.Site) bool { return s.Status == store.SiteDeleted })
	for _, s := range all {
		domains[strings.ToLower(escape(s.BaseDomain))]++
	}
	if len(of.Sites) == 0 {
		for _, p := range partners {
			owner, err := b.partnerState(tx, p.ID)
			if err != nil {
				return err
			}
			owner.Folder = folder(partnersFolder, p.Name, strconv.FormatInt(p.ID, 10), names)
			tree.Owners = append(tree.Owners, owner)
		}
	}
	for _, apiKey := range of.Sites {
		if !slices.ContainsFunc(all, func(s *store.Site) bool { return s.APIKey == apiKey }) {
			return fmt.Errorf("there is no site with the API key %s", apiKey)
		}
	}
	for _, s := range all {
		if len(of.Sites) > 0 && !slices.Contains(of.Sites, s.APIKey) {
			continue
		}
		owner, err := b.siteState(tx, s)
		if err != nil {
			return err
		}
		owner.Folder = folder(sitesFolder, s.BaseDomain, s.APIKey, domains)
		tree.Owners = append(tree.Owners, owner)
	}
	return nil
}

// folder names the folder of an owner: its name, and its id if another has the name too, in whatever letter case. names are counted in small
// letters.
func folder(in, name, id string, names map[string]int) string {
	base := escape(name)
	if names[strings.ToLower(base)] > 1 {
		return in + "/" + shortened(base) + "~" + id
	}
	return in + "/" + shortened(base)
}
