package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

type siteCmd struct {
	Create siteCreateCmd `cmd:"" help:"Create a site, and its partner if there is none yet."`
	List   siteListCmd   `cmd:"" help:"List the sites."`
	Show   siteShowCmd   `cmd:"" help:"Show one site; with --secret the partner secret too."`
	Set    siteSetCmd    `cmd:"" help:"Change a site: its status, its trusted pages, its description."`
}

type siteCreateCmd struct {
	configured
	Domain      string   `required:"" placeholder:"DOMAIN" help:"Base domain of the site, e.g. shop.example.com."`
	Description string   `help:"What the site is for."`
	Partner     int64    `placeholder:"ID" xor:"partner" help:"Partner that owns it; needed when there are several."`
	NewPartner  string   `placeholder:"NAME" xor:"partner" help:"Make a partner of this name and give it the site."`
	APIKey      string   `name:"api-key" placeholder:"KEY" help:"Take over this API key instead of making one."`
	Trusted     []string `placeholder:"PATTERN" help:"Pages that may call from a browser; default: the domain and all below it."`
	JSON        bool     `name:"json" help:"Print JSON."`
}

// siteView is a site as the command prints it. Secret is there only when it was asked for or just made.
type siteView struct {
	APIKey          string   `json:"apiKey"`
	SiteID          int64    `json:"siteID"`
	PartnerID       int64    `json:"partnerID"`
	Partner         string   `json:"partner"`
	BaseDomain      string   `json:"baseDomain"`
	Description     string   `json:"description,omitempty"`
	DataCenter      string   `json:"dataCenter"`
	Status          string   `json:"status"`
	TrustedSiteURLs []string `json:"trustedSiteURLs"`
	Secret          string   `json:"secret,omitempty"`
}

func viewSite(s *store.Site, partner, secret string) siteView {
	return siteView{s.APIKey, s.SiteID, s.Partner, partner, s.BaseDomain, s.Description, s.DataCenter, s.Status, s.TrustedSiteURLs, secret}
}

// Run makes the site and prints it. The partner's secret is printed when the partner is new.
func (c *siteCreateCmd) Run(ctx context.Context, con console) error {
	if err := c.check(); err != nil {
		return err
	}
	// With the id of a partner there must be an installation already.
	return c.with(ctx, c.Partner == 0, func(cfg *config.Config, inst *setup.Installation) error {
		partner, secret, err := c.partner(ctx, inst)
		if err != nil {
			return err
		}
		record, err := inst.Factory().NewSite(site.SiteOptions{
			Partner: partner.ID, BaseDomain: c.Domain, Description: c.Description, DataCenter: cfg.DataCenter,
			TrustedSiteURLs: c.Trusted, APIKey: c.APIKey,
		})
		if err != nil {
			return err
		}
		err = inst.Store.Change(ctx, func(tx store.Tx) error {
			if _, err := tx.Site(record.APIKey); err == nil {
				return fmt.Errorf("there is a site with the API key %s already", record.APIKey)
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if c.NewPartner == "" && secret != "" {
				if sites, err := tx.Sites(0); err != nil {
					return err
				} else if len(sites) > 0 {
					return errors.New("somebody else made the first site meanwhile: run this again")
				}
			}
			if secret != "" {
				if err := tx.PutPartner(partner); err != nil {
					return err
				}
			}
			return tx.PutSite(record)
		})
		if err != nil {
			return err
		}
		if err := printSite(con, viewSite(record, partner.Name, secret), c.JSON); err != nil {
			return fmt.Errorf("the site %s was made (`doorward site show --secret` shows it again): %w", record.APIKey, err)
		}
		return nil
	})
}

// check refuses what cannot be a site, before anything is made.
func (c siteCreateCmd) check() error {
	labels := strings.Split(c.Domain, ".")
	if strings.ContainsAny(c.Domain, "/:@ ?#*\\,") || len(labels) < 2 && c.Domain != "localhost" || slices.Contains(labels, "") {
		return usagef("--domain %q is not a bare domain such as shop.example.com", c.Domain)
	}
	if c.APIKey != "" && !site.ValidAPIKey(c.APIKey) {
		return usagef("--api-key %q is not an API key: a digit, an underscore and 22 to 64 letters, digits, '-' or '_'", c.APIKey)
	}
	return checkTrusted(c.Trusted)
}

func checkTrusted(patterns []string) error {
	for _, pattern := range patterns {
		if _, err := site.ParseTrustedURL(pattern); err != nil {
			return usagef("--trusted %q: %v", pattern, err)
		}
	}
	return nil
}

// partner finds the site's owner, or makes it: then the secret comes back with it.
func (c siteCreateCmd) partner(ctx context.Context, inst *setup.Installation) (*store.Partner, string, error) {
	if c.NewPartner != "" {
		return inst.Factory().NewPartner(c.NewPartner)
	}
	all, err := inst.Store.Partners(ctx)
	if err != nil {
		return nil, "", err
	}
	if c.Partner == 0 && len(all) == 0 {
		return inst.Factory().NewPartner(c.Domain)
	}
	if c.Partner == 0 && len(all) == 1 {
		return all[0], "", nil
	}
	list := ""
	for _, p := range all {
		if p.ID == c.Partner {
			return p, "", nil
		}
		list += fmt.Sprintf("\n  %d  %s", p.ID, plain.Text(p.Name))
	}
	if c.Partner != 0 {
		return nil, "", fmt.Errorf("there is no partner %d; there are:%s", c.Partner, list)
	}
	return nil, "", fmt.Errorf("there are several partners; name one with --partner:%s", list)
}

func printSite(con console, v siteView, asJSON bool) error {
	if asJSON {
		return printJSON(con.Out, v)
	}
	w := newTable(con.Out)
	w.row("apiKey", v.APIKey)
	w.row("partner", fmt.Sprintf("%d  %s", v.PartnerID, v.Partner))
	w.row("baseDomain", v.BaseDomain)
	if v.Description != "" {
		w.row("description", v.Description)
	}
	w.row("dataCenter", v.DataCenter)
	w.row("status", v.Status)
	for _, pattern := range v.TrustedSiteURLs {
		w.row("trusted", pattern)
	}
	if v.Secret != "" {
		w.row("secret", v.Secret)
	}
	return w.flush()
}

type siteListCmd struct {
	configured
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints a line a site, oldest first.
func (c *siteListCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		sites, err := inst.Store.Sites(ctx, 0)
		if err != nil {
			return err
		}
		partners, err := inst.Store.Partners(ctx)
		if err != nil {
			return err
		}
		names := map[int64]string{}
		for _, p := range partners {
			names[p.ID] = p.Name
		}
		views := []siteView{}
		for _, s := range sites {
			views = append(views, viewSite(s, names[s.Partner], ""))
		}
		if c.JSON {
			return printJSON(con.Out, views)
		}
		if len(views) == 0 {
			fmt.Fprintln(con.Err, "There is no site yet: make one with `doorward site create`.")
			return nil
		}
		w := newTable(con.Out)
		w.row("API KEY", "DOMAIN", "PARTNER", "DATA CENTER", "STATUS")
		for _, v := range views {
			w.row(v.APIKey, v.BaseDomain, v.Partner, v.DataCenter, v.Status)
		}
		return w.flush()
	})
}

type siteShowCmd struct {
	configured
	APIKey string `arg:"" name:"api-key" help:"API key of the site."`
	Secret bool   `help:"Show the partner secret."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run prints the site.
func (c *siteShowCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		s, err := site.NewDirectory(inst.Store, inst.Sealer).Site(ctx, c.APIKey)
		if errors.Is(err, store.ErrNotFound) {
			return noSite(c.APIKey)
		}
		if err != nil {
			return err
		}
		secret := ""
		if c.Secret {
			secret = s.Partner.SecretText
		}
		return printSite(con, viewSite(&s.Site, s.Partner.Name, secret), c.JSON)
	})
}

type siteSetCmd struct {
	configured
	APIKey      string   `arg:"" name:"api-key" help:"API key of the site."`
	Status      *string  `enum:"active,disabled,deleted" help:"active, disabled or deleted."`
	Description *string  `help:"What the site is for."`
	DataCenter  string   `placeholder:"ID" help:"Label of the data center."`
	Trusted     []string `placeholder:"PATTERN" help:"Pages that may call from a browser; replaces the list."`
}

// Run changes what was given and prints the site.
func (c *siteSetCmd) Run(ctx context.Context, con console) error {
	if c.Status == nil && c.Description == nil && c.DataCenter == "" && len(c.Trusted) == 0 {
		return usagef("there is nothing to change: give --status, --description, --data-center or --trusted")
	}
	if c.DataCenter != "" {
		if err := config.CheckDataCenter(c.DataCenter); err != nil {
			return usagef("--data-center: %v", err)
		}
	}
	if err := checkTrusted(c.Trusted); err != nil {
		return err
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		var changed *store.Site
		name := ""
		err := inst.Store.Change(ctx, func(tx store.Tx) error {
			s, err := tx.Site(c.APIKey)
			if errors.Is(err, store.ErrNotFound) {
				return noSite(c.APIKey)
			}
			if err != nil {
				return err
			}
			partner, err := tx.Partner(s.Partner)
			if err != nil {
				return err
			}
			if c.Status != nil {
				setStatus(s, *c.Status, inst.Clock.Now())
			}
			if c.Description != nil {
				s.Description = *c.Description
			}
			if c.DataCenter != "" {
				s.DataCenter = c.DataCenter
			}
			if len(c.Trusted) > 0 {
				s.TrustedSiteURLs = c.Trusted
			}
			changed, name = s, partner.Name
			return tx.PutSite(s)
		})
		if err != nil {
			return err
		}
		return printSite(con, viewSite(changed, name, ""), false)
	})
}

// setStatus changes the site's status. What a deleted one had is purged a while after the moment of its deletion, which a second
// deletion does not move; restoring the site before stops that.
func setStatus(s *store.Site, status string, now time.Time) {
	switch {
	case status != store.SiteDeleted:
		s.Deleted = 0
	case s.Status != store.SiteDeleted:
		s.Deleted = clock.FromTime(now)
	}
	s.Status = status
}

func noSite(apiKey string) error {
	return fmt.Errorf("there is no site with the API key %s (`doorward site list` shows them)", apiKey)
}
