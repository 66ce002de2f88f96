package gateway

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Record is what is known of one call when it has been answered. It is filled on the way and handed out once.
type Record struct {
	Time     time.Time
	Duration time.Duration
	CallID   string
	// Name is the method's name as the caller wrote it, cut to a bounded length; Status is what is known of it.
	// FullName is the documented spelling of a known name.
	Name, FullName string
	Status         method.Status
	// Method is nil for calls of methods that are not served.
	Method *method.Method
	// Site is nil as long as none was found. APIKey is the key that was given, if it looks
	// like one.
	Site   *site.Site
	APIKey string
	// Caller is nil as long as nobody was proven.
	Caller *caller.Caller
	// Via names the credential and UserKey the key, those that authorised the call or, when Refused, were claimed to.
	Via, UserKey string
	// Refused: a server credential was shown and was not accepted.
	Refused bool
	// UID is the account that the call was about, if the method said so.
	UID string
	// Params are the parameters as received, secrets among them: for the audit, which masks them. Never for a log.
	Params     *gigya.Params
	Code       gigya.Code
	Details    string
	Verb       string
	HTTPStatus int
	Format     gigya.Format
	ClientIP   netip.Addr
	Secure     bool
	UserAgent  string
	SDK        string
	Bytes      int
	// Cause is what went wrong inside, or for the log what of the request could not be read; nil where the code says all.
	Cause error
	// Stack is where the code panicked.
	Stack []byte
}

// CanonicalName is the name for labels: the method's own, or "unknown" for everything that is not served.
func (r *Record) CanonicalName() string {
	if r.Method == nil {
		return "unknown"
	}
	return r.Method.Spec.Name
}

// A Recorder keeps records: the audit log.
type Recorder interface {
	// Ending returns what is written of a call that ends as the record says, nil for one that leaves none. It is asked in the
	// change of a method that writes its record itself, before the answer is known.
	Ending(r *Record) *store.Audit
	// Record is called once for every other call, before the answer leaves. The context may have ended, because the
	// caller is gone: what it did is recorded all the same.
	Record(ctx context.Context, r *Record) error
}

// log writes the record as one line. Texts from outside are bounded and escaped by the handler; parameters other than the
// API key are not in it.
func (r *Record) log(ctx context.Context, log *slog.Logger) {
	level := slog.LevelInfo
	if r.Stack != nil || r.Cause != nil && !r.unreadable() {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 20)
	attrs = append(attrs,
		slog.String("callId", r.CallID),
		slog.String("method", r.CanonicalName()),
		slog.Int("errorCode", int(r.Code)),
		slog.Int("status", r.HTTPStatus),
		slog.Duration("duration", r.Duration),
		slog.String("verb", r.Verb),
		slog.String("ip", r.ClientIP.String()),
		slog.Bool("secure", r.Secure),
		slog.Int("bytes", r.Bytes),
	)
	if r.Method == nil {
		attrs = append(attrs, slog.String("name", r.Name), slog.String("known", r.Status.String()))
	}
	for _, text := range [...]struct{ name, value string }{
		{"apiKey", r.APIKey}, {"via", r.Via}, {"userKey", r.UserKey}, {"uid", r.UID}, {"sdk", r.SDK}, {"agent", r.UserAgent},
	} {
		if text.value != "" {
			attrs = append(attrs, slog.String(text.name, text.value))
		}
	}
	if r.Cause != nil {
		attrs = append(attrs, slog.String("cause", r.Cause.Error()))
	}
	if r.Stack != nil {
		attrs = append(attrs, slog.String("stack", string(r.Stack)))
	}
	log.LogAttrs(ctx, level, "call", attrs...)
}

// unreadable tells whether the cause lies in what was sent: a body that ends early, a token that is none. Strangers can send that all
// day, and it is no event for whoever watches for errors.
func (r *Record) unreadable() bool {
	switch r.Code {
	case gigya.InvalidRequestFormat, gigya.InvalidRequestSignature, gigya.SessionHasExpired:
		return true
	}
	return false
}

// cut bounds a text from outside for the log.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length] + "…"
}
