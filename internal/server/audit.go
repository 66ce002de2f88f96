package server

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/store"
)

// auditTimeout bounds the wait for the record of a call that changed something.
const auditTimeout = 10 * time.Second

// recorder gives the audit log what the gateway knows of a call.
type recorder struct {
	writer *audit.Writer
}

var _ gateway.Recorder = recorder{}

// Success implements [gateway.Recorder].
func (a recorder) Success(r *gateway.Record) *store.Audit { return recordOf(r) }

// Record implements [gateway.Recorder]. The record of a call that changed something is safe before the answer leaves.
func (a recorder) Record(ctx context.Context, r *gateway.Record) error {
	record := recordOf(r)
	if record == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	return a.writer.Append(ctx, record, r.Method != nil && r.Method.Spec.Write && r.Code == 0)
}

// recordOf makes the record of a call, nil for one that leaves none.
func recordOf(r *gateway.Record) *store.Audit {
	facts := audit.Facts{Key: r.Caller != nil && r.Caller.Key != nil, Refused: r.Refused, Known: r.Site != nil}
	if r.Method != nil {
		facts.Write, facts.Event = r.Method.Spec.Write, r.Method.Spec.Event
	}
	if !audit.Audited(facts) {
		return nil
	}
	call := audit.Call{
		Time: clock.FromTime(r.Time), CallID: r.CallID, Method: r.FullName, APIKey: r.APIKey, UID: r.UID,
		UserKey: r.UserKey, SourceIP: r.ClientIP.String(), AuthType: audit.AuthType(r.Via, r.UserKey != ""), Params: r.Params,
		Stranger: r.Caller == nil || r.Caller.Class != caller.Server,
	}
	if facts.Key {
		call.Key = &audit.KeyDetails{Name: r.Caller.Key.Name, Description: r.Caller.Key.Description}
	}
	if r.Code != 0 {
		call.Err = &gigya.Error{Code: r.Code, Details: r.Details}
	}
	return call.Record()
}

// oauth gives the audit log what the OAuth 2 endpoints did for a key. A success is on the record before it is answered.
func (a recorder) oauth(o Options, p gateway.Proxies) func(context.Context, oauth2.Done) {
	return func(ctx context.Context, done oauth2.Done) {
		params := &gigya.Params{}
		for _, name := range slices.Sorted(maps.Keys(done.Form)) {
			params.Set(name, done.Form.Get(name))
		}
		key := done.Client
		call := audit.Call{
			Time: clock.FromTime(o.Clock.Now()), CallID: id.CallID(o.Rand), Method: done.Path, UserKey: key.UserKey,
			Key:      &audit.KeyDetails{Name: key.Name, Description: key.Description},
			SourceIP: p.Of(done.Request).ClientIP.String(), AuthType: audit.AuthUserKey, Params: params,
		}
		if done.Failed != "" {
			call.Err = gigya.NewError(gigya.InvalidRequestFormat, done.Failed)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
		defer cancel()
		if err := a.writer.Append(ctx, call.Record(), done.Failed == ""); err != nil {
			o.Log.Error("audit record not written", "callId", call.CallID, "path", done.Path, "error", err)
		}
	}
}
