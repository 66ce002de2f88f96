package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

type partnerCmd struct {
	List partnerListCmd `cmd:"" help:"List the partners."`
	Set  partnerSetCmd  `cmd:"" help:"Enable or disable a partner, or let its keys call from any network again."`
}

type partnerListCmd struct {
	configured
	JSON bool `name:"json" help:"Print JSON."`
}

// partnerView is a partner as the command prints it.
type partnerView struct {
	PartnerID int64  `json:"partnerID"`
	Name      string `json:"name"`
	Enabled   bool   `json:"enabled"`
}

// Run prints a line a partner, oldest first.
func (c *partnerListCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		partners, err := inst.Store.Partners(ctx)
		if err != nil {
			return err
		}
		views := []partnerView{}
		for _, p := range partners {
			views = append(views, partnerView{p.ID, p.Name, !p.Disabled})
		}
		if c.JSON {
			return printJSON(con.Out, views)
		}
		if len(views) == 0 {
			fmt.Fprintln(con.Err, "There is no partner yet: one is made with the first site, by `doorward site create`.")
			return nil
		}
		w := newTable(con.Out)
		w.row("PARTNER", "NAME", "ENABLED")
		for _, v := range views {
			w.row(strconv.FormatInt(v.PartnerID, 10), v.Name, strconv.FormatBool(v.Enabled))
		}
		return w.flush()
	})
}

type partnerSetCmd struct {
	configured
	ID         int64 `arg:"" name:"id" help:"The partner."`
	Enable     bool  `xor:"state" help:"Let its sites and keys be used again."`
	Disable    bool  `xor:"state" help:"Refuse all calls of its sites and keys."`
	AnyNetwork bool  `help:"Forget the networks that its server calls must come from, and those of its keys."`
}

// Run changes what was given. It takes effect at the next call.
func (c *partnerSetCmd) Run(ctx context.Context, con console) error {
	if !c.Enable && !c.Disable && !c.AnyNetwork {
		return usagef("there is nothing to change: give --enable, --disable or --any-network")
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		var changed *store.Partner
		err := inst.Store.Change(ctx, func(tx store.Tx) error {
			p, err := tx.Partner(c.ID)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("there is no partner %d (`doorward partner list` shows them)", c.ID)
			}
			if err != nil {
				return err
			}
			if c.Enable || c.Disable {
				p.Disabled = c.Disable
			}
			if c.AnyNetwork {
				if err := forgetNetworks(tx, p); err != nil {
					return err
				}
			}
			changed = p
			return tx.PutPartner(p)
		})
		if err != nil {
			return err
		}
		state := "enabled"
		if changed.Disabled {
			state = "disabled"
		}
		_, err = fmt.Fprintf(con.Out, "%d (%s) is %s\n", changed.ID, plain.Text(changed.Name), state)
		return err
	})
}

// forgetNetworks lets the partner's server calls, and those of each of its keys, come from anywhere.
func forgetNetworks(tx store.Tx, p *store.Partner) (err error) {
	if p.Config, err = withoutNetworks(p.Config); err != nil {
		return err
	}
	keys, err := tx.Keys(p.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Config, err = withoutNetworks(k.Config); err != nil {
			return err
		}
		if err := tx.PutKey(k); err != nil {
			return err
		}
	}
	return nil
}

func withoutNetworks(stored []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	own, err := document.ParseObject(stored)
	if err != nil {
		return nil, err
	}
	own.Delete(site.AllowedIPsMember)
	if own.Len() == 0 {
		return nil, nil
	}
	return own.JSON(), nil
}
