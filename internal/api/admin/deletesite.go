package admin

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// deleteTokenLife is how long the token of the first call is good. It is ours.
const deleteTokenLife = 10 * time.Minute

// DeleteSiteParams are the parameters of admin.deleteSite.
type DeleteSiteParams struct {
	// DeleteToken is that of the first call.
	DeleteToken string `param:"deleteToken,len=4096"`
}

// DeleteSiteResult is the answer of admin.deleteSite; the second call's is empty.
type DeleteSiteResult struct {
	DeleteToken string `json:"deleteToken,omitempty"`
}

// siteDeletion is what a deleteToken says. It is good for one site and one credential.
type siteDeletion struct {
	Site    string       `json:"s"`
	By      string       `json:"b"`
	Expires clock.Millis `json:"x"`
}

const deletionKind = "site-deletion"

// deleteSite serves admin.deleteSite: the first call hands out a token and deletes nothing, the second, with the token, deletes
// the site. Its key stays taken: later calls with it are 403007 "Site was deleted".
//
// Servers may call. The parent of a group with members left is 403023 with the recorded text. A token that is over, was used,
// or belongs to another site or credential is 400006.
//
// Sources: the site deployer of the original's toolkit, with its recorded answers.
//
// Accounts and settings stay for the time of the setting deleted_sites.retention, in which an operator can restore the site; then
// they are purged.
//
// Differs: nothing is known of the original's token but that there is one, nor when it purges.
func deleteSite(d Deps) *method.Method {
	spec := changing(aboutSite("admin.deleteSite", "Deletes a site, in two steps."))
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteSiteParams]) (*DeleteSiteResult, error) {
		if c.Params.DeleteToken == "" {
			return d.offerDeletion(ctx, c.Invocation)
		}
		return &DeleteSiteResult{}, d.removeSite(ctx, c.Invocation, c.Params.DeleteToken)
	})
}

// offerDeletion makes the token. It is no change of the site, but recorded like one.
func (d Deps) offerDeletion(ctx context.Context, c *method.Invocation) (*DeleteSiteResult, error) {
	offer := siteDeletion{Site: c.Site.APIKey, By: credentialOf(c), Expires: clock.FromTime(c.Now.Add(deleteTokenLife))}
	err := d.Store.Change(ctx, func(tx store.Tx) error {
		if err := checkChildless(tx, c.Site.Site.Partner, c.Site.APIKey); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
	if err != nil {
		return nil, err
	}
	return &DeleteSiteResult{DeleteToken: d.Tokens.SealJSON(deletionKind, offer)}, nil
}

func (d Deps) removeSite(ctx context.Context, c *method.Invocation, text string) error {
	var offer siteDeletion
	now := clock.FromTime(c.Now)
	if d.Tokens.OpenJSON(deletionKind, text, &offer) != nil || offer.Expires <= now ||
		offer.Site != c.Site.APIKey || offer.By != credentialOf(c) {
		return gigya.InvalidArgument("deleteToken")
	}
	return d.change(ctx, c, func(tx store.Tx) error {
		record, err := tx.Site(c.Site.APIKey)
		if err != nil {
			return err
		}
		if record.Status == store.SiteDeleted {
			return deletedSite()
		}
		if err := checkChildless(tx, record.Partner, record.APIKey); err != nil {
			return err
		}
		err = tx.UseOnce(deletionKind, token.Hash(text), now, offer.Expires)
		if errors.Is(err, store.ErrUsed) {
			return gigya.InvalidArgument("deleteToken")
		}
		if err != nil {
			return err
		}
		record.Status, record.Deleted = store.SiteDeleted, now
		return tx.PutSite(record)
	})
}

// credentialOf names the credential of the caller: what was handed out to one is of no use to another.
func credentialOf(c *method.Invocation) string {
	if c.Caller.Key != nil {
		return "key:" + c.Caller.Key.UserKey
	}
	return store.OwnerOfPartner(ownPartner(c))
}

// checkChildless is 403023, with the recorded text, for a site that others of its group hang on.
func checkChildless(tx store.Tx, partner int64, apiKey string) error {
	members, err := membersOf(tx, partner, apiKey)
	if err != nil {
		return err
	}
	if len(members) > 0 {
		return gigya.NewError(gigya.NoUserPermission,
			"You can't delete this site because it's a group site. Please delete it's member sites first.")
	}
	return nil
}
