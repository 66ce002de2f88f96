package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetSettingsParams are the parameters of accounts.communications.settings.set.
type SetSettingsParams struct {
	// TopicChannel is one pair as accounts.communications.settings.search answers it, or several by their ids.
	TopicChannel method.Object `param:"topicChannel,required"`
}

// setSettings serves accounts.communications.settings.set: creates pairs of topic and channel, and replaces those of the ids.
//
// Servers may call, for a member of a site group too, which has its parent's pairs beside its own. lastModified is the time of the
// call. A wrong member is 400006 with its path, and nothing is stored.
//
// Source: SAP's toolkit, which sends what it found.
func setSettings(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communications.settings.set",
		Summary: "Creates and replaces topics of communication.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that communications of users fit the schema of their topic comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSettingsParams]) (method.None, error) {
		sent, err := object("topicChannel", c.Params.TopicChannel)
		if err != nil {
			return method.None{}, err
		}
		pairs, err := topics(sent)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			batch := d.Config.Batch(tx, c.Site, topicKind)
			for id, v := range pairs.All() {
				pair := v.Object().Clone()
				pair.Set("lastModified", document.String(clock.FromTime(c.Now).ISO()))
				if err := batch.Put(id, pair.JSON()); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
