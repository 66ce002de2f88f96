package accounts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// SetTopicSettingsParams are the parameters of accounts.communication.setTopicSettings.
type SetTopicSettingsParams struct {
	// CommunicationSettings are pairs of topic and channel, or some of their members, by their ids.
	CommunicationSettings method.Object `param:"CommunicationSettings,required"`
}

// setTopicSettings serves accounts.communication.setTopicSettings: creates pairs of topic and channel, and changes members of
// those that are there. It is the older form of accounts.communications.settings.set over the same objects.
//
// Servers may call, for a member of a site group too: what it sends is laid over its parent's pair and becomes its own. dependsOn
// comes from the channel and lastModified is the time of the call, so that both are passed over. Either all of it is stored or none:
// a wrong or missing member is 400006 with its path.
//
// Source: SAP's toolkit up to 1.7.0, which sends one pair a call, to a member of a group isActive alone.
func setTopicSettings(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communication.setTopicSettings",
		Summary: "Creates and changes topics of communication, in an older form.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that communications of users need an active topic comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetTopicSettingsParams]) (method.None, error) {
		sent, err := object("CommunicationSettings", c.Params.CommunicationSettings)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			pairs := d.Config.Batch(tx, c.Site, topicKind)
			for id, v := range sent.All() {
				at := siteconfig.MemberPath("CommunicationSettings", id)
				if v.Kind() != document.KindObject {
					return gigya.InvalidArgumentBecause(at, "must be an object")
				}
				present, err := d.Config.GetIn(tx, c.Site, topicKind, id)
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
				pair, err := changedPair(id, present, v.Object())
				if err != nil {
					return err
				}
				if err := topicShape.Check(at, document.FromObject(pair)); err != nil {
					return err
				}
				pair.Set("lastModified", document.String(clock.FromTime(c.Now).ISO()))
				if err := pairs.Put(id, pair.JSON()); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// changedPair is the pair, of which nothing may be present, with the members that were sent; null removes one.
func changedPair(id string, present json.RawMessage, sent *document.Object) (*document.Object, error) {
	pair := &document.Object{}
	if len(present) > 0 {
		var err error
		if pair, err = document.ParseObject(present); err != nil {
			return nil, err
		}
	}
	pair.Set("topicChannelId", document.String(id))
	for name, v := range sent.All() {
		switch {
		case name == "dependsOn", name == "lastModified", name == "topicChannelId":
		case v.IsNull():
			pair.Delete(name)
		default:
			pair.Set(name, v)
		}
	}
	return pair, nil
}
