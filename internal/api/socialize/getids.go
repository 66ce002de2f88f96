package socialize

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
)

// GetIDsParams are the parameters of socialize.getIDs.
type GetIDsParams struct {
	// IncludeTicket asks for a gmidTicket, too.
	IncludeTicket bool `param:"includeTicket"`
	// Include is sent by the Swift SDK (permissions,ids,appIds) and of no effect.
	Include method.List `param:"include"`
}

// GetIDsResult is the answer of socialize.getIDs.
type GetIDsResult struct {
	// GCID is the name that mobile SDKs read the gmid by.
	GCID string `json:"gcid"`
	GMID string `json:"gmid"`
	UCID string `json:"ucid"`
	// RefreshTime is when the client asks again, in Unix milliseconds.
	RefreshTime int64 `json:"refreshTime"`
	Ticket
}

// getIDs serves socialize.getIDs: the ids of a device. Mobile SDKs call it first of all, and every other call of theirs
// waits for the answer.
//
// Anybody may call; the call is never signed. A browser is given the ids as cookies, too.
//
// Sources: the Android and Swift SDKs, which both refuse an answer without gcid or ucid; the browser SDK.
//
// Differs: every member is answered to everybody, and ids that the caller brings are kept.
func getIDs(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getIDs",
		Summary: "Issues device ids.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[GetIDsParams]) (GetIDsResult, error) {
		ids, err := deviceOf(c.Invocation, d.Rand)
		if err != nil {
			return GetIDsResult{}, err
		}
		ids.setCookies(c.Invocation)
		result := GetIDsResult{
			GCID: ids.GMID, GMID: ids.GMID, UCID: ids.UCID,
			RefreshTime: int64(clock.FromTime(c.Now.Add(deviceRefresh))),
		}
		if c.Params.IncludeTicket {
			result.Ticket = d.ticket(ids.GMID, c.Now, ticketLife)
		}
		return result, nil
	})
}
