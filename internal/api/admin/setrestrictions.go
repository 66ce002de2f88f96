package admin

import (
	"context"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// SetRestrictionsParams are the parameters of admin.setRestrictions. A list that is not sent stays as it is.
type SetRestrictionsParams struct {
	// BlockedIPs is a JSON array of addresses and networks, each a text or an object {IP}.
	BlockedIPs string `param:"blockedIps,len=1048576"`
	// BlockedWords is a JSON array. It belonged to a product that is gone and is kept.
	BlockedWords string `param:"blockedWords,len=1048576"`
}

// setRestrictions serves admin.setRestrictions: it replaces the block lists of a site.
//
// Servers may call. Client calls from a blocked address are refused from then on; server calls are not. What is no array is 400004,
// what is no address 400006 with its path; nothing changes then.
//
// Source: a client in TypeScript, which sends {IP: address}.
//
// Differs: an element may be a network (10.0.0.0/8), or a text by itself. A list has at most 1,000 elements.
func setRestrictions(d Deps) *method.Method {
	spec := changing(aboutSite("admin.setRestrictions", "Replaces the block lists of a site."))
	return method.New(spec, func(ctx context.Context, c *method.Call[SetRestrictionsParams]) (method.None, error) {
		sent := &document.Object{}
		if c.Params.BlockedIPs != "" {
			list, err := blockedIPs(c.Params.BlockedIPs)
			if err != nil {
				return method.None{}, err
			}
			sent.Set("blockedIPs", document.Texts(list))
		}
		if c.Params.BlockedWords != "" {
			words, err := parsed("blockedWords", c.Params.BlockedWords)
			if err != nil {
				return method.None{}, err
			}
			if words.Kind() != document.KindArray {
				return method.None{}, gigya.InvalidFormat("blockedWords", "want a JSON array")
			}
			sent.Set("blockedWords", words)
		}
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			record, err := tx.Site(c.Site.APIKey)
			if err != nil {
				return err
			}
			change := siteChange{members: &document.Object{}, merged: &document.Object{}}
			change.merged.Set(site.RestrictionsMember, document.FromObject(sent))
			if err := change.apply(record); err != nil {
				return err
			}
			return tx.PutSite(record)
		})
	})
}

// maxBlocked bounds the addresses that a site blocks.
const maxBlocked = 1000

func blockedIPs(text string) ([]string, error) {
	value, err := parsed("blockedIps", text)
	if err != nil {
		return nil, err
	}
	if value.Kind() != document.KindArray {
		return nil, gigya.InvalidFormat("blockedIps", "want a JSON array")
	}
	if len(value.Items()) > maxBlocked {
		return nil, gigya.InvalidArgumentBecause("blockedIps", "at most 1000 elements")
	}
	list := []string{}
	for i, item := range value.Items() {
		path := element("blockedIps", i)
		if o := item.Object(); o != nil {
			path += ".IP"
			item, _ = o.Get("IP")
		}
		prefix, err := site.ParseNetwork(item.Str())
		if err != nil {
			return nil, gigya.InvalidArgumentBecause(path, err.Error())
		}
		if text := site.NetworkText(prefix); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list, nil
}
