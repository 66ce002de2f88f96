package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
)

// seeding fills the installation of a trial: configuration from folders, accounts from files.
type seeding struct {
	con  console
	cfg  *config.Config
	inst *setup.Installation
	// own is the site that dev makes: files of accounts by themselves are for it.
	own *site.Site
	// filled are the user bases that had accounts before, by the API keys of their groups: they get no more.
	filled map[string]bool
}

// unset is the value of variables that a trial does not set, in the place of secrets. It is a text and JSON.
const unset = "0"

func (c devCmd) seed(ctx context.Context, con console, cfg *config.Config, inst *setup.Installation, identity *setup.Dev) error {
	if len(c.Seed) == 0 {
		return nil
	}
	own, err := site.NewDirectory(inst.Store, inst.Sealer).Site(ctx, identity.APIKey)
	if err != nil {
		return err
	}
	s := &seeding{con: con, cfg: cfg, inst: inst, own: own, filled: map[string]bool{}}
	for _, name := range c.Seed {
		info, err := os.Stat(name)
		if err != nil {
			return usagef("--seed: %v", err)
		}
		if !info.IsDir() && strings.EqualFold(filepath.Ext(name), ".csv") {
			return usagef("--seed %s: a trial takes accounts as JSON objects, one a line; `doorward account import --data DIR` takes CSV", name)
		}
		seed := s.folder
		if !info.IsDir() {
			seed = func(ctx context.Context, name string) error { return s.file(ctx, name) }
		}
		if err := seed(ctx, name); err != nil {
			return fmt.Errorf("--seed %s: %w", name, err)
		}
	}
	return nil
}

// file imports a file of accounts into dev's own site.
func (s *seeding) file(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // It was read alone.
	return s.accounts(ctx, filepath.Base(name), f, &s.own.Site)
}

// folder applies files of configuration, whatever partner they are of, to dev's own partner, and imports the accounts beside them.
func (s *seeding) folder(ctx context.Context, name string) (err error) {
	b, err := newBlueprint(ctx, s.cfg, s.inst)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	missing := 0
	t, err := b.Read(root.FS(), func(name string) (string, bool) {
		value, ok := os.LookupEnv(name)
		if !ok {
			missing++
			return unset, true
		}
		return value, true
	})
	if err != nil {
		return fileError(err)
	}
	if missing > 0 {
		fmt.Fprintf(s.con.Err, "doorward: %d secrets of %s are not in the environment: they are %q here\n", missing, name, unset)
	}
	done, secrets, err := b.Apply(ctx, t, blueprint.How{Create: true, Into: s.own.Site.Partner}, nil)
	if err != nil {
		return fileError(err)
	}
	for _, secret := range secrets {
		fmt.Fprintf(s.con.Err, "secret of %s: %s\n", plain.Text(secret.Of), secret.Text)
	}
	for _, unknown := range done.Unknown {
		fmt.Fprintf(s.con.Err, "doorward: %s: is not known\n", unknown)
	}
	for _, o := range t.Owners {
		if o.Partner {
			continue
		}
		record, err := b.SiteOf(ctx, t, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.con.Err, "seeded %s: API key %s\n", o.Folder, record.APIKey)
		if err := s.accountsOf(ctx, root, o, record); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeding) accountsOf(ctx context.Context, root *os.Root, o *blueprint.Owner, record *store.Site) error {
	if o.Accounts == "" {
		return nil
	}
	f, err := root.Open(filepath.FromSlash(o.Accounts))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // It was read alone.
	return s.accounts(ctx, o.Accounts, f, record)
}

// accounts imports accounts, of one JSON object a line, into a user base that has none: a later start with the same data folder adds nothing.
func (s *seeding) accounts(ctx context.Context, name string, r io.Reader, record *store.Site) error {
	filled, known := s.filled[record.Group]
	if !known {
		n, err := s.inst.Store.SearchAccounts(ctx, store.Search{Group: record.Group, Total: true}, nil)
		if err != nil {
			return err
		}
		filled = n > 0
		s.filled[record.Group] = filled
	}
	if filled {
		return nil
	}
	var refused []error
	done, err := importer(s.cfg, s.inst, &site.Site{Site: *record}).ImportAll(ctx, transfer.NewJSON(r), transfer.Run{
		Refused: func(row *transfer.RowError) { refused = append(refused, fmt.Errorf("%s: %w", name, row)) },
		Warned:  func(row *transfer.RowError) { fmt.Fprintf(s.con.Err, "doorward: %s: %v\n", name, row) },
	})
	if err = errors.Join(append(refused, err)...); err != nil {
		return err
	}
	fmt.Fprintf(s.con.Err, "seeded %s: %d accounts\n", name, done.Imported)
	return nil
}
