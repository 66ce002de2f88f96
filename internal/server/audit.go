package server

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// auditTimeout bounds the wait for the record of a call that changed something.
const auditTimeout = 10 * time.Second

// recorder gives the audit log what the gateway knows of a call.
type recorder struct {
	writer   *audit.Writer
	personal audit.Personal
}

var _ gateway.Recorder = recorder{}

// Ending implements [gateway.Recorder].
func (a recorder) Ending(r *gateway.Record) *store.Audit { return a.recordOf(r) }

// Record implements [gateway.Recorder]. The record of a call that changed something is safe before the answer leaves.
func (a recorder) Record(ctx context.Context, r *gateway.Record) error {
	record := a.recordOf(r)
	if record == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	return a.writer.Append(ctx, record, r.Method != nil && r.Method.Spec.Write && r.Code == 0)
}

// recordOf makes the record of a call, nil for one that leaves none.
func (a recorder) recordOf(r *gateway.Record) *store.Audit {
	facts := audit.Facts{Key: r.Caller != nil && r.Caller.Key != nil, Refused: r.Refused, Known: r.Site != nil}
	if r.Method != nil {
		facts.Write, facts.Event = r.Method.Spec.Write, r.Method.Spec.Event
	}
	if !audit.Audited(facts) {
		return nil
	}
	call := audit.Call{
		Time: clock.FromTime(r.Time), Duration: r.Duration, CallID: r.CallID, Method: r.FullName, APIKey: r.APIKey, UID: r.UID,
		UserKey: r.UserKey, SourceIP: r.ClientIP.String(), AuthType: audit.AuthType(r.Via, r.UserKey != ""), Params: r.Params,
		Stranger: r.Caller == nil || r.Caller.Class != caller.Server, Personal: a.personal,
	}
	if facts.Key {
		call.Key, call.Partner = keyDetails(r.Caller.Key), r.Caller.Key.Partner
	}
	// The record is in the log of the site that was found, which is another's than the key's where that is let do something.
	if call.AtPartner = r.Site == nil; !call.AtPartner {
		call.APIKey, call.Partner = r.Site.APIKey, r.Site.Site.Partner
	}
	if r.Code != 0 {
		call.Err = &gigya.Error{Code: r.Code, Details: r.Details}
	}
	return call.Record()
}

// keyDetails describes a key.
func keyDetails(k *site.Key) *audit.KeyDetails {
	d := &audit.KeyDetails{Name: k.Name, Description: k.Description}
	if len(k.Config) > 0 {
		var config struct{ Email string }
		if json.Unmarshal(k.Config, &config) == nil {
			_, d.EmailDomain, _ = strings.Cut(config.Email, "@")
		}
	}
	return d
}

// oauth gives the audit log what the OAuth 2 endpoints did for a key, and who was refused there. A success is on the record before it is
// answered. The record of a key that there is not is made and thrown away: it has no log to be in, and whoever asks for it learns nothing
// from the time.
func (a recorder) oauth(o Options, p gateway.Proxies) func(context.Context, oauth2.Done) {
	return func(ctx context.Context, done oauth2.Done) {
		params := &gigya.Params{}
		for _, name := range slices.Sorted(maps.Keys(done.Form)) {
			params.Set(name, done.Form.Get(name))
		}
		call := audit.Call{
			Time: clock.FromTime(o.Clock.Now()), CallID: id.CallID(o.Rand), Method: done.Path, Personal: a.personal,
			SourceIP: p.Of(done.Request).ClientIP.String(), AuthType: audit.AuthUserKey, Params: params, Stranger: done.Refused,
		}
		if key := done.Client; key != nil {
			call.UserKey, call.Partner = key.UserKey, key.Partner
			if !done.Refused {
				call.Key = keyDetails(key)
			}
		}
		if done.Failed != "" {
			call.Err = gigya.NewError(gigya.InvalidRequestFormat, done.Failed)
		}
		record := call.Record()
		if done.Client == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
		defer cancel()
		if err := a.writer.Append(ctx, record, done.Failed == ""); err != nil {
			o.Log.Error("audit record not written", "callId", call.CallID, "path", done.Path, "error", err)
		}
	}
}
