package admin

import (
	"context"
	"errors"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// AcceptInvitationParams are the parameters of admin.acceptInvitation.
type AcceptInvitationParams struct {
	InvitationToken string `param:"invitationToken,required,len=65536"`
	// Name is how the key is shown; absent: the e-mail address.
	Name string `param:"name,len=256"`
}

// acceptInvitation serves admin.acceptInvitation: whoever holds an invitation gets a user key, in the groups of the invitation. The secret is in the
// answer.
//
// Anybody may call: the token is the credential. One that is over, was used, or was sent by a key that has been disabled or deleted since, or
// that might not send it any more, is 400006; so is a group that is gone or full.
//
// Sources: none; it is ours.
func acceptInvitation(d Deps) *method.Method {
	spec := changing(extension(aboutPartner("admin.acceptInvitation", "Makes a user key for whoever was invited.")))
	// The token is the credential: it is read here, and the key that it makes is on the record.
	spec.Callers, spec.OwnCredential, spec.HTTPS = caller.Public, true, true
	return method.New(spec, func(ctx context.Context, c *method.Call[AcceptInvitationParams]) (*UserKeyResult, error) {
		invited, err := d.openInvitation(ctx, c)
		if err != nil {
			return nil, err
		}
		host, err := d.host(ctx, invited)
		if err != nil {
			return nil, err
		}
		key, err := d.Factory.NewKey(site.KeyOptions{
			Partner: invited.Partner, Kind: store.KindUser, Name: nameOf(c.Params.Name, invited.Email), Config: invited.configOf(),
		})
		if err != nil {
			return nil, gigya.InvalidArgumentBecause("name", err.Error())
		}
		before := c.Caller
		c.Caller = &caller.Caller{Class: caller.Server, Via: "userKey", Key: &site.Key{
			UserKey: key.Record.UserKey, Partner: invited.Partner, Name: key.Record.Name,
		}}
		err = d.change(ctx, c.Invocation, func(tx store.Tx) error {
			if err := invited.use(tx, c); err != nil {
				return err
			}
			if err := tx.PutKey(key.Record); err != nil {
				return err
			}
			return invited.join(tx, host, key.Record.UserKey, clock.FromTime(c.Now))
		})
		if err != nil {
			c.Caller = before // Nobody was proven after all.
			return nil, err
		}
		return shownOnce(key)
	})
}

func nameOf(name, email string) string {
	if strings.TrimSpace(name) == "" {
		return email
	}
	return name
}

// openInvitation reads the token.
func (d Deps) openInvitation(ctx context.Context, c *method.Call[AcceptInvitationParams]) (*invitation, error) {
	invited := &invitation{}
	if d.Tokens.OpenJSON(invitationKind, c.Params.InvitationToken, invited) != nil || invited.Expires <= clock.FromTime(c.Now) {
		return nil, gigya.InvalidArgument("invitationToken")
	}
	p, err := d.Sites.PartnerByID(ctx, invited.Partner)
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Disabled {
		return nil, gigya.InvalidArgument("invitationToken")
	}
	return invited, err
}

// host reads what the key that invites holds by now: with its rights it loses what it has invited to.
func (d Deps) host(ctx context.Context, i *invitation) (*holder, error) {
	if i.By == "" {
		return d.holderOf(ctx, nil, i.Partner)
	}
	key, err := d.Sites.Key(ctx, i.By)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gigya.InvalidArgument("invitationToken")
	}
	if err != nil {
		return nil, err
	}
	h, err := d.holderOf(ctx, key, i.Partner)
	if err == nil && !h.atPartner.May(inviting) {
		err = gigya.InvalidArgument("invitationToken")
	}
	return h, err
}

// use sets the token's mark: of any number of calls with it one succeeds.
func (i *invitation) use(tx store.Tx, c *method.Call[AcceptInvitationParams]) error {
	if i.By != "" {
		k, err := tx.Key(i.By)
		if errors.Is(err, store.ErrNotFound) || err == nil && (k.Disabled || k.Revoked != 0) {
			return gigya.InvalidArgument("invitationToken")
		}
		if err != nil {
			return err
		}
	}
	err := tx.UseOnce(invitationKind, token.Hash(c.Params.InvitationToken), clock.FromTime(c.Now), i.Expires)
	if errors.Is(err, store.ErrUsed) {
		return gigya.InvalidArgument("invitationToken")
	}
	return err
}

// join puts the key into the groups.
func (i *invitation) join(tx store.Tx, host *holder, userKey string, now clock.Millis) error {
	for _, groupID := range i.Groups {
		g, err := readGroup(tx, i.Partner, groupID, "invitationToken")
		if err != nil {
			return err
		}
		var refused *gigya.Error
		if err := host.checkGroup(tx, g); errors.As(err, &refused) {
			return gigya.InvalidArgument("invitationToken")
		} else if err != nil {
			return err
		}
		if g.Users = unique(append(g.Users, userKey)); len(g.Users) > maxUsers {
			return gigya.InvalidArgument("invitationToken")
		}
		if err := putGroup(tx, i.Partner, groupID, g, now); err != nil {
			return err
		}
	}
	return nil
}
