package accounts

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetChannelsParams are the parameters of accounts.communication.setChannels.
type SetChannelsParams struct {
	// Channels are channels by their names.
	Channels method.Object `param:"Channels,required"`
}

// setChannels serves accounts.communication.setChannels: creates channels, and replaces those of the names.
//
// Servers may call. Channels that are not sent stay. Either all of it is stored or none: a wrong member is 400006 with its path. A
// call for a member of a site group is 400009 with the recorded text.
//
// Source: SAP's toolkit, which sends one channel a call.
func setChannels(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communication.setChannels",
		Summary: "Creates and replaces channels of communication.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that communications need the channel's fields comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetChannelsParams]) (method.None, error) {
		sent, err := object("Channels", c.Params.Channels)
		if err != nil {
			return method.None{}, err
		}
		if inGroup(c.Site) {
			return method.None{}, gigya.NewError(gigya.ValidationFailed, "Setting channels is prohibited on child site.")
		}
		for name, v := range sent.All() {
			if err := channelKind.CheckName(name); err != nil {
				return method.None{}, err
			}
			if err := channelKind.Shape.Check("Channels."+name, v); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			channels := d.Config.Batch(tx, c.Site, channelKind)
			for name, v := range sent.All() {
				if err := channels.Put(name, document.FromObject(v.Object()).AppendJSON(nil)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
