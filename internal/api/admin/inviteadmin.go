package admin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// invitationLife is how long an invitation is good, as the guide to the console says.
const invitationLife = 72 * time.Hour

// InviteAdminParams are the parameters of admin.inviteAdmin.
type InviteAdminParams struct {
	PartnerParams
	Email string `param:"email,required"`
	// Groups is a JSON array of the groups that the person will be in.
	Groups string `param:"groups,required,len=65536"`
}

// InviteAdminResult is the answer of admin.inviteAdmin.
type InviteAdminResult struct {
	// InvitationToken is what the person accepts the invitation with.
	InvitationToken string `json:"invitationToken"`
	Expires         string `json:"expires"`
}

// invitation is what an invitationToken says.
type invitation struct {
	Partner int64    `json:"p"`
	Email   string   `json:"e"`
	Groups  []string `json:"g"`
	// By is the key that invites; empty: the partner itself.
	By      string       `json:"b,omitempty"`
	ID      string       `json:"i"`
	Expires clock.Millis `json:"x"`
}

// inviting is the right to invite.
const inviting = "admin.inviteAdmin"

// invitationKind keeps invitations apart from other sealed texts, and their marks from other marks.
const invitationKind = "invitation"

// inviteAdmin serves admin.inviteAdmin: it invites a person to administer the partner, in some of its groups, for 72 hours.
//
// Servers may call. What is no e-mail address, no group, and a group that there is not are 400006 with the path; groups that hold more than the
// caller 403007.
//
// Source: the guide to the console, which tells of mail and hours; the call itself is ours.
func inviteAdmin(d Deps) *method.Method {
	spec := changing(extension(aboutPartner(inviting, "Invites a person to administer the partner.")))
	spec.Partial = "no mail is sent: the answer has the token, for whoever invites to pass on"
	return method.New(spec, func(ctx context.Context, c *method.Call[InviteAdminParams]) (*InviteAdminResult, error) {
		p := &c.Params
		groups, err := readInvited(p)
		if err != nil {
			return nil, err
		}
		invited := invitation{
			Partner: p.PartnerID, Email: p.Email, Groups: groups, ID: id.Token(d.Factory.Rand, 16), Expires: clock.FromTime(c.Now.Add(invitationLife)),
		}
		if c.Caller.Key != nil {
			invited.By = c.Caller.Key.UserKey
		}
		err = d.changeGroups(ctx, c.Invocation, p.PartnerID, func(tx store.Tx, h *holder) error {
			for i, groupID := range groups {
				g, err := readGroup(tx, h.partner, groupID, element("groups", i))
				if err != nil {
					return err
				}
				if err := h.checkGroup(tx, g); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &InviteAdminResult{InvitationToken: d.Tokens.SealJSON(invitationKind, invited), Expires: invited.Expires.ISO()}, nil
	})
}

func readInvited(p *InviteAdminParams) ([]string, error) {
	if err := checkEmail("email", p.Email); err != nil {
		return nil, err
	}
	groups, err := textList("groups", p.Groups)
	if err != nil {
		return nil, err
	}
	const most = 100
	if len(groups) == 0 || len(groups) > most {
		return nil, gigya.InvalidArgumentBecause("groups", "want 1 to 100 groups")
	}
	return unique(groups), nil
}

// configOf is the stored configuration of the key of an invited person.
func (i *invitation) configOf() json.RawMessage {
	return object(memberEmail, document.String(i.Email)).AppendJSON(nil)
}
