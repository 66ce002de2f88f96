package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
)

type accountCmd struct {
	Create accountCreateCmd `cmd:"" help:"Create one registered account."`
	Show   accountShowCmd   `cmd:"" help:"Show one account, by UID or login identifier."`
	Import accountImportCmd `cmd:"" help:"Import accounts from a CSV or JSON file."`
	Export accountExportCmd `cmd:"" help:"Export all accounts of a site as NDJSON."`

	ExportKey accountExportKeyCmd `cmd:"" help:"Make a pair of keys that exports are sealed to and opened with."`
}

// ofSite are the flags of verbs that work on the accounts of one site.
type ofSite struct {
	configured
	Site string `placeholder:"APIKEY" help:"The site; needed when there are several."`
}

// withSite opens the installation and finds the site.
func (c ofSite) withSite(ctx context.Context, fn func(cfg *config.Config, inst *setup.Installation, s *site.Site) error) error {
	return c.withSiteAnd(ctx, setup.Options{}, fn)
}

// withSiteAnd is withSite with further options.
func (c ofSite) withSiteAnd(ctx context.Context, more setup.Options, fn func(cfg *config.Config, inst *setup.Installation, s *site.Site) error) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	return withOptions(ctx, cfg, more, func(cfg *config.Config, inst *setup.Installation) error {
		apiKey := c.Site
		if apiKey == "" {
			sites, err := inst.Store.Sites(ctx, 0)
			if err != nil {
				return err
			}
			if len(sites) == 0 {
				return errors.New("there is no site yet: make one with `doorward site create`")
			}
			if len(sites) > 1 {
				return fmt.Errorf("there are %d sites: name one with --site (`doorward site list` shows them)", len(sites))
			}
			apiKey = sites[0].APIKey
		}
		s, err := site.NewDirectory(inst.Store, inst.Sealer).Site(ctx, apiKey)
		if errors.Is(err, store.ErrNotFound) {
			return noSite(apiKey)
		}
		if err != nil {
			return err
		}
		return fn(cfg, inst, s)
	})
}

// importQueue is more than the rows that an import hashes at once.
const importQueue = 128

func importer(cfg *config.Config, inst *setup.Installation, s *site.Site) *transfer.Importer {
	return &transfer.Importer{
		Store: inst.Store, Sites: site.NewDirectory(inst.Store, inst.Sealer), APIKey: s.APIKey, Clock: inst.Clock, Rand: inst.Rand,
		Passwords: password.New(password.Options{
			Params: passwordParams(cfg), Slots: cfg.PasswordSlots, Queue: importQueue, Rand: inst.Rand,
			Services: cfg.PasswordServices,
		}),
	}
}

type accountCreateCmd struct {
	ofSite
	Email         string `help:"Login e-mail address."`
	Username      string `help:"User name."`
	UID           string `name:"uid" help:"UID; default: a new one."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input."`
	Profile       string `placeholder:"JSON" help:"Profile, a JSON object."`
	UserData      string `name:"user-data" placeholder:"JSON" help:"Custom data, a JSON object."`
	Verified      bool   `help:"The address is verified."`
}

// Run creates the account and prints its UID.
func (c *accountCreateCmd) Run(ctx context.Context, con console) error {
	members, err := c.members(con)
	if err != nil {
		return err
	}
	return c.withSite(ctx, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		uid, err := importer(cfg, inst, s).Import(ctx, transfer.Row{Members: members})
		var refused *transfer.RowError
		if errors.As(err, &refused) {
			return refused.Err
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(con.Out, uid)
		return err
	})
}

// members are those of the row that an import would read.
func (c accountCreateCmd) members(con console) (*document.Object, error) {
	if c.Email == "" && c.Username == "" {
		return nil, usagef("an account needs something to log in with: give --email or --username")
	}
	members := &document.Object{}
	for _, m := range []struct{ name, text string }{{"UID", c.UID}, {"email", c.Email}, {"username", c.Username}} {
		if m.text != "" {
			members.Set(m.name, document.String(m.text))
		}
	}
	for _, m := range []struct{ name, flag, text string }{{"profile", "--profile", c.Profile}, {"data", "--user-data", c.UserData}} {
		if m.text == "" {
			continue
		}
		o, err := document.ParseObject([]byte(m.text))
		if err != nil {
			return nil, usagef("%s is not a JSON object: %v", m.flag, err)
		}
		members.Set(m.name, document.FromObject(o))
	}
	if c.Verified {
		members.Set("isVerified", document.Boolean(true))
	}
	if c.PasswordStdin {
		line, err := bufio.NewReader(con.In).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return nil, errors.Join(errors.New("there is no password on the first line of standard input"), notEOF(err))
		}
		members.Set("password", document.String(line))
	}
	return members, nil
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

type accountShowCmd struct {
	ofSite
	Who string `arg:"" help:"UID, e-mail address or user name."`
}

// Run prints the account as JSON, without secrets.
func (c *accountShowCmd) Run(ctx context.Context, con console) error {
	return c.withSite(ctx, func(_ *config.Config, inst *setup.Installation, s *site.Site) error {
		uid, err := inst.Store.Owner(ctx, s.Group, account.LoginIdentifier(c.Who))
		if errors.Is(err, store.ErrNotFound) {
			uid = c.Who
		} else if err != nil {
			return err
		}
		a, err := inst.Store.Account(ctx, s.Group, uid)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("site %s has no account %q", s.APIKey, c.Who)
		}
		if err != nil {
			return err
		}
		row, err := document.Parse(account.Row(a, time.Now()))
		if err != nil {
			return err
		}
		return printJSON(con.Out, rawJSON(row.AppendJSON(nil)))
	})
}

// rawJSON is a JSON text that stays as it is.
type rawJSON []byte

// MarshalJSON implements json.Marshaler.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
