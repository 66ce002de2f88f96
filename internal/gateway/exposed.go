package gateway

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
)

// exposedDetails is what the audit record says of a secret that everybody on the way could read.
const exposedDetails = "the secret is the right one and was sent over plain HTTP: it must be replaced"

// noteExposure makes a call that was refused because its secret came over plain HTTP a matter of the site's audit log, and
// marks it if the secret is the right one: it is no secret any more. The answer was made before and tells none of this.
func (x *exchange) noteExposure(ctx context.Context) {
	if x.failure == nil || x.failure.Code != gigya.SensitiveDataSentOverHTTP || x.inv.Caller != nil {
		return
	}
	claim := x.claimed()
	via, userKey := caller.Claimed(&claim)
	if via != "partnerSecret" && via != "userKey" {
		return // A token of an Authorization header is good for one use, and looking at it would use it up.
	}
	// Like every credential that is not accepted it spends a call of its address: nobody fills the log this way.
	if !x.gateway.client.allow(network(x.inv.ClientIP), x.inv.Now) {
		return
	}
	s, err := x.gateway.Credentials.Site(ctx, &claim)
	if err != nil || s == nil {
		return // Nobody's log.
	}
	r := &x.record
	r.Site, r.APIKey = s, s.APIKey
	r.Via, r.UserKey, r.Refused = via, recordable(userKey), true
	if _, err := x.gateway.Credentials.Caller(ctx, &claim, s); err == nil {
		r.Details = exposedDetails
	}
}
