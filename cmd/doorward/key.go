package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Create a user key or an application. Its secret and private key are shown once."`
	List   keyListCmd   `cmd:"" help:"List the keys, without secrets."`
	Set    keySetCmd    `cmd:"" help:"Enable or disable a key, change its privileges or sites."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke a key for good: its very next call is refused."`
}

type keyCreateCmd struct {
	configured
	Name        string   `required:"" help:"Name of the key, e.g. \"CRM sync\"."`
	Description string   `help:"What it is for."`
	Kind        string   `enum:"application,user" default:"application" help:"application or user."`
	Privilege   []string `required:"" placeholder:"NAME" help:"What it may do beside its groups: names of methods such as accounts.search, privileges, or _allApis. With every field of accounts."`
	Site        []string `placeholder:"APIKEY" help:"Sites that it may act on; default: all of the partner."`
	Partner     int64    `placeholder:"ID" help:"Partner that it acts for; needed when there are several."`
	RSA         string   `name:"rsa" type:"path" placeholder:"FILE" help:"Make an RSA key too and write its private half to this new file (PKCS#8)."`
	RSAPKCS1    string   `name:"rsa-pkcs1" type:"path" placeholder:"FILE" help:"Write it in the form that the .NET SDK reads (PKCS#1)."`
	NoSecret    bool     `help:"No secret: the RSA key is the only credential."`
	JSON        bool     `name:"json" help:"Print JSON."`
}

// keyView is a key as the command prints it. Secret is there only when it was just made.
type keyView struct {
	UserKey    string   `json:"userKey"`
	Kind       string   `json:"kind"`
	Name       string   `json:"name"`
	PartnerID  int64    `json:"partnerID"`
	Privileges []string `json:"privileges"`
	Sites      []string `json:"sites,omitempty"`
	RSA        bool     `json:"rsa"`
	Status     string   `json:"status"`
	Secret     string   `json:"secret,omitempty"`
}

func viewKey(k *store.Key, secret string) keyView {
	status := "active"
	switch {
	case k.Revoked != 0:
		status = "revoked"
	case k.Disabled:
		status = "disabled"
	}
	return keyView{k.UserKey, k.Kind, k.Name, k.Partner, k.Privileges, k.Sites, k.PublicKey != nil, status, secret}
}

// Run makes the key. The files of the private key are written before the key is stored, and removed when it cannot be:
// neither a key that nobody can use nor a file of no key is left behind.
func (c *keyCreateCmd) Run(ctx context.Context, con console) error {
	if err := site.CheckPrivileges(c.Privilege); err != nil {
		return usagef("--privilege: %v", err)
	}
	if c.NoSecret && c.RSA == "" && c.RSAPKCS1 == "" {
		return usagef("a key without a secret needs an RSA key: give --rsa or --rsa-pkcs1 with --no-secret")
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		partner, err := c.partner(ctx, inst)
		if err != nil {
			return err
		}
		key, err := inst.Factory().NewKey(site.KeyOptions{
			Partner: partner, Kind: c.Kind, Name: c.Name, Description: c.Description, Privileges: c.Privilege,
			Sites: c.Site, NoSecret: c.NoSecret, RSA: c.RSA != "" || c.RSAPKCS1 != "",
		})
		if err != nil {
			return err
		}
		remove, err := c.writePrivate(key)
		if err != nil {
			return err
		}
		err = inst.Store.Change(ctx, func(tx store.Tx) error {
			if err := checkSites(tx, partner, c.Site); err != nil {
				return err
			}
			return tx.PutKey(key.Record)
		})
		if err != nil {
			return errors.Join(err, remove())
		}
		warnOfPrivileges(con, c.Privilege)
		if err := c.print(con, viewKey(key.Record, key.Secret)); err != nil {
			return fmt.Errorf("the key %s was made, and what belongs to it could not be printed: revoke it, and make another: %w", key.Record.UserKey, err)
		}
		return nil
	})
}

// warnOfPrivileges names the privileges that this server does not know: as in lists, they are kept and give nothing.
func warnOfPrivileges(con console, names []string) {
	for _, name := range names {
		if _, ok := acl.Lookup(name); !ok && name != site.AllAPIs && strings.HasPrefix(name, "_") {
			fmt.Fprintf(con.Err, "doorward: there is no privilege %s here: it gives nothing\n", name)
		}
	}
}

// writePrivate writes the private key to the files that were asked for, and returns what removes them again. After an
// error none is left.
func (c keyCreateCmd) writePrivate(key *site.NewKey) (remove func() error, err error) {
	var written []string
	remove = func() error {
		var err error
		for _, file := range written {
			err = errors.Join(err, os.Remove(file))
		}
		return err
	}
	for _, wanted := range []struct{ file, text string }{{c.RSA, key.PKCS8}, {c.RSAPKCS1, key.PKCS1}} {
		if wanted.file == "" {
			continue
		}
		err := writeNew(wanted.file, func(w io.Writer) error {
			_, err := io.WriteString(w, wanted.text)
			return err
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("writing the private key: %w", err), remove())
		}
		written = append(written, wanted.file)
	}
	return remove, nil
}

// checkSites refuses sites that are not the partner's.
func checkSites(tx store.Tx, partner int64, apiKeys []string) error {
	for _, apiKey := range apiKeys {
		s, err := tx.Site(apiKey)
		if errors.Is(err, store.ErrNotFound) || err == nil && s.Partner != partner {
			return fmt.Errorf("partner %d has no site with the API key %s (`doorward site list` shows them)", partner, apiKey)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c keyCreateCmd) partner(ctx context.Context, inst *setup.Installation) (int64, error) {
	all, err := inst.Store.Partners(ctx)
	if err != nil {
		return 0, err
	}
	if c.Partner == 0 && len(all) == 1 {
		return all[0].ID, nil
	}
	list := ""
	for _, p := range all {
		if p.ID == c.Partner {
			return p.ID, nil
		}
		list += fmt.Sprintf("\n  %d  %s", p.ID, plain.Text(p.Name))
	}
	if len(all) == 0 {
		return 0, errors.New("there is no partner yet: make one with `doorward site create`")
	}
	if c.Partner != 0 {
		return 0, fmt.Errorf("there is no partner %d; there are:%s", c.Partner, list)
	}
	return 0, fmt.Errorf("there are several partners; name one with --partner:%s", list)
}

func (c keyCreateCmd) print(con console, v keyView) error {
	if c.JSON {
		return printJSON(con.Out, v)
	}
	w := newTable(con.Out)
	w.row("userKey", v.UserKey)
	if v.Secret != "" {
		w.row("secret", v.Secret)
	}
	w.row("privileges", strings.Join(v.Privileges, ", "))
	if len(v.Sites) > 0 {
		w.row("sites", strings.Join(v.Sites, ", "))
	}
	if err := w.flush(); err != nil {
		return err
	}
	if v.Secret != "" {
		fmt.Fprintln(con.Err, "The secret is not shown again.")
	}
	return nil
}

type keyListCmd struct {
	configured
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints a line a key, oldest first.
func (c *keyListCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		keys, err := inst.Store.Keys(ctx, 0)
		if err != nil {
			return err
		}
		views := []keyView{}
		for _, k := range keys {
			views = append(views, viewKey(k, ""))
		}
		if c.JSON {
			return printJSON(con.Out, views)
		}
		if len(views) == 0 {
			fmt.Fprintln(con.Err, "There is no key yet: make one with `doorward key create`.")
			return nil
		}
		w := newTable(con.Out)
		w.row("USER KEY", "KIND", "NAME", "STATUS", "RSA", "PRIVILEGES", "SITES")
		for _, v := range views {
			sites := "all"
			if len(v.Sites) > 0 {
				sites = strings.Join(v.Sites, ",")
			}
			w.row(v.UserKey, v.Kind, v.Name, v.Status, strconv.FormatBool(v.RSA), strings.Join(v.Privileges, ","), sites)
		}
		return w.flush()
	})
}

type keySetCmd struct {
	configured
	UserKey   string   `arg:"" name:"user-key" help:"The key."`
	Enable    bool     `xor:"state" help:"Let it call again."`
	Disable   bool     `xor:"state" help:"Refuse its calls until it is enabled."`
	Privilege []string `placeholder:"NAME" help:"What it may do; replaces the list."`
	Site      []string `placeholder:"APIKEY" help:"Sites that it may act on; replaces the list."`
}

// Run changes what was given. It takes effect at the key's next call.
func (c *keySetCmd) Run(ctx context.Context, con console) error {
	if !c.Enable && !c.Disable && len(c.Privilege) == 0 && len(c.Site) == 0 {
		return usagef("there is nothing to change: give --enable, --disable, --privilege or --site")
	}
	if len(c.Privilege) > 0 {
		if err := site.CheckPrivileges(c.Privilege); err != nil {
			return usagef("--privilege: %v", err)
		}
		warnOfPrivileges(con, c.Privilege)
	}
	return changeKey(ctx, con, c.configured, c.UserKey, func(tx store.Tx, k *store.Key) error {
		if k.Revoked != 0 {
			return errors.New("the key was revoked; a revoked key stays so")
		}
		if c.Enable || c.Disable {
			k.Disabled = c.Disable
		}
		if len(c.Privilege) > 0 {
			k.Privileges = c.Privilege
		}
		if len(c.Site) > 0 {
			if err := checkSites(tx, k.Partner, c.Site); err != nil {
				return err
			}
			k.Sites = c.Site
		}
		return nil
	})
}

type keyRevokeCmd struct {
	configured
	UserKey string `arg:"" name:"user-key" help:"The key."`
	Yes     bool   `help:"Do not ask."`
}

// Run revokes the key.
func (c *keyRevokeCmd) Run(ctx context.Context, con console) error {
	err := c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		_, err := inst.Store.Key(ctx, c.UserKey)
		return keyError(err, c.UserKey)
	})
	if err != nil {
		return err
	}
	if err := confirm(con, c.Yes, "Revoking "+c.UserKey+" cannot be undone."); err != nil {
		return err
	}
	return changeKey(ctx, con, c.configured, c.UserKey, func(_ store.Tx, k *store.Key) error {
		if k.Revoked == 0 {
			k.Revoked = clock.FromTime(clock.System{}.Now())
		}
		return nil
	})
}

// keyError is the error of reading a key.
func keyError(err error, userKey string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no key %s (`doorward key list` shows them)", userKey)
	}
	return err
}

// changeKey changes one key in one transaction and says how it stands then.
func changeKey(ctx context.Context, con console, c configured, userKey string, change func(tx store.Tx, k *store.Key) error) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		var changed *store.Key
		err := inst.Store.Change(ctx, func(tx store.Tx) error {
			k, err := tx.Key(userKey)
			if err != nil {
				return keyError(err, userKey)
			}
			if err := change(tx, k); err != nil {
				return err
			}
			changed = k
			return tx.PutKey(k)
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(con.Out, "%s (%s) is %s\n", changed.UserKey, plain.Text(changed.Name), viewKey(changed, "").Status)
		return err
	})
}
