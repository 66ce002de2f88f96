package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// getChannels serves accounts.communication.getChannels: the channels through which users are spoken to, by their names.
//
// Servers may call. A member of a site group has the channels of its parent.
//
// Source: SAP's toolkit, with its recorded answers.
func getChannels(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communication.getChannels",
		Summary: "Returns the channels of communication.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (json.RawMessage, error) {
		owner, err := d.parentOf(ctx, c.Site)
		if err != nil {
			return nil, err
		}
		list, err := d.Config.List(ctx, owner, channelKind)
		if err != nil {
			return nil, err
		}
		return channelAnswer(list)
	})
}
