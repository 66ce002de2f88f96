package socialize

import (
	"context"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// GetGmidTicketParams are the parameters of socialize.getGmidTicket.
type GetGmidTicketParams struct {
	GMID string `param:"gmid,required,len=128"`
	// Expires is the ticket's life in seconds; an hour when absent.
	Expires *int64 `param:"expires,min=1,max=86400"`
}

// getGmidTicket serves socialize.getGmidTicket: a short-lived text that stands for the device's gmid where cookies do not
// travel.
//
// Anybody may call. Without a gmid 400002; one that has no form of an id is 400006.
//
// Sources: the browser SDK, which uses it in redirects.
func getGmidTicket(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getGmidTicket",
		Summary: "Issues a short-lived stand-in for a device id.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[GetGmidTicketParams]) (Ticket, error) {
		if !deviceID(c.Params.GMID) {
			return Ticket{}, gigya.InvalidArgument("gmid")
		}
		life := ticketLife
		if c.Params.Expires != nil {
			life = time.Duration(*c.Params.Expires) * time.Second
		}
		return d.ticket(c.Params.GMID, c.Now, life), nil
	})
}
