package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// Defaults of [Options].
const (
	DefaultContentType = "text/javascript; charset=utf-8"
	DefaultBodyLimit   = 4 << 20
	DefaultCallTimeout = 60 * time.Second
)

// Sites finds sites: [site.Directory].
type Sites interface {
	Site(ctx context.Context, apiKey string) (*site.Site, error)
}

// Credentials finds the site of a call and proves who calls: [caller.Resolver].
type Credentials interface {
	Site(ctx context.Context, r *caller.Request) (*site.Site, error)
	Caller(ctx context.Context, r *caller.Request, s *site.Site) (*caller.Caller, error)
}

// Options are what a gateway works with. Fields without a word on their zero value must be set.
type Options struct {
	Methods     *method.Table
	Sites       Sites
	Credentials Credentials
	Clock       clock.Clock
	// CallID makes the callId of each call.
	CallID func() string
	Log    *slog.Logger
	// Recorder keeps the audit log; nil: none.
	Recorder Recorder
	// Metrics counts; nil: nothing.
	Metrics *Metrics
	Proxies Proxies
	// AllowInsecure waives the rules for plain HTTP (403006 and its like): for development on the machine itself.
	AllowInsecure bool
	// DevMode shows what was expected to whoever sends a wrong signature. Never in production.
	DevMode bool
	// Routes are the data centers that other installations serve: site label to api domain.
	Routes map[string]string
	Rates  Rates
	// ContentType is that of JSON answers; empty: [DefaultContentType], as the original's.
	ContentType string
	// BodyLimit bounds request bodies, in bytes; 0: [DefaultBodyLimit].
	BodyLimit int64
	// BodyMemory bounds the bytes of all bodies that are in memory at once; a body that finds no room within some seconds is
	// refused with 503001. 0: [DefaultBodyMemory]; at least eight times BodyLimit.
	BodyMemory int64
	// CallTimeout ends a call's context, and those of Paths; 0: [DefaultCallTimeout].
	CallTimeout time.Duration
	// Paths are further handlers by exact path: /oauth2/token.
	Paths map[string]http.Handler
}

// Gateway answers calls. It is safe for concurrent use.
type Gateway struct {
	Options
	address *limiter[netip.Addr]
	client  *limiter[netip.Addr]
	server  *limiter[bucket]
	bodies  *bodies
	// contentType is the header's value for JSON answers.
	contentType []string
}

// New returns a gateway.
func New(o Options) (*Gateway, error) {
	if o.Methods == nil || o.Sites == nil || o.Credentials == nil || o.Clock == nil || o.CallID == nil || o.Log == nil {
		return nil, errors.New("gateway: methods, sites, credentials, clock, call ids and log are needed")
	}
	if o.ContentType == "" {
		o.ContentType = DefaultContentType
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.BodyMemory == 0 {
		o.BodyMemory = max(DefaultBodyMemory, 8*o.BodyLimit)
	}
	if o.BodyMemory < 8*o.BodyLimit {
		return nil, fmt.Errorf("gateway: memory for bodies: %d bytes are fewer than eight bodies of %d", o.BodyMemory, o.BodyLimit)
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	return &Gateway{
		Options: o,
		address: newLimiter[netip.Addr](o.Rates.Address),
		client:  newLimiter[netip.Addr](o.Rates.Client),
		server:  newLimiter[bucket](o.Rates.Server),
		bodies:  newBodies(o.BodyMemory),

		contentType: []string{o.ContentType},
	}, nil
}

const allowedVerbs = "GET, POST, HEAD, OPTIONS"

// ServeHTTP tells the call of a method from everything else by the path alone: any host name may stand before it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := foldSlashes(r.URL.Path)
	if handler := g.Paths[path]; handler != nil {
		g.path(w, r, path, handler)
		return
	}
	name := path[1:]
	switch {
	case r.Method == http.MethodOptions:
		g.preflight(w, r)
	case name == "":
		statusPage(w)
	case strings.Contains(name, "/") || !strings.Contains(name, "."):
		http.NotFound(w, r)
	default:
		g.call(w, r, name)
	}
}

// foldSlashes makes one leading slash of several, and drops trailing ones. The path of "OPTIONS *" is the root.
func foldSlashes(path string) string {
	if len(path) > 1 && path[0] == '/' && path[1] != '/' && path[len(path)-1] != '/' {
		return path
	}
	return "/" + strings.Trim(strings.TrimPrefix(path, "*"), "/")
}

func statusPage(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	const text = "Doorward is running.\n"
	header.Set("Content-Length", "21")
	_, _ = w.Write([]byte(text))
}

// call answers one call of a method.
func (g *Gateway) call(w http.ResponseWriter, r *http.Request, name string) {
	g.Metrics.begin()
	x := g.exchange(r, name)
	x.started = time.Now() // Durations are real, whatever the injected clock says.
	defer func() {
		x.record.Duration = time.Since(x.started)
		if p := recover(); p != nil { // Behind the method: what of the answer was written is not known, so that there is none.
			x.record.Stack, x.record.Code, x.record.Cause = debug.Stack(), gigya.GeneralServerError, fmt.Errorf("panic: %v", p)
			defer panic(http.ErrAbortHandler)
		}
		g.Metrics.end(&x.record)
		x.record.log(r.Context(), g.Log)
	}()
	ctx := withEnd(r.Context(), g.CallTimeout)
	defer ctx.finish()
	body := g.meter(r, x.origin.ClientIP)
	defer body.done()
	members, err := x.run(ctx)
	if body != nil && body.refused {
		err = errBodies
	}
	x.judge(err)
	x.keep(r.Context())
	x.answer(w, members)
}

// exchange is one call on its way.
type exchange struct {
	gateway *Gateway
	request *http.Request
	origin  Origin
	started time.Time
	// name is the method's name as it stands in the path.
	name   string
	method *method.Method
	// claim is what the call shows of its site and its credentials.
	claim  caller.Request
	inv    method.Invocation
	record Record

	format   gigya.Format
	callback string
	// realStatus: the HTTP status is the answer's statusCode.
	realStatus bool
	// wireStatus overrides the HTTP status, whatever the caller asked; 0: it does not.
	wireStatus int
	// bearerError is what WWW-Authenticate says of a bad OAuth 2 token; empty: nothing.
	bearerError string
	ignored     []gigya.IgnoredParam
	// scratch holds the members of the answer; nil: it does not.
	scratch *[]byte
	failure *gigya.Error
}

func (g *Gateway) exchange(r *http.Request, name string) *exchange {
	now := g.Clock.Now()
	x := &exchange{gateway: g, request: r, name: name, origin: g.Proxies.Of(r)}
	x.inv = method.Invocation{
		CallID:    g.CallID(),
		Now:       now,
		ClientIP:  x.origin.ClientIP,
		UserAgent: cut(r.UserAgent(), 512),
		Secure:    x.origin.Secure,
		BaseURL:   x.origin.BaseURL,
		Referrer:  r.Referer(),
		Raw:       &gigya.Params{},
	}
	if g.Recorder != nil {
		x.inv.Ending = x.ending
	}
	x.record = Record{
		Time:      now,
		CallID:    x.inv.CallID,
		Name:      cut(name, 128),
		Verb:      cut(r.Method, 16),
		ClientIP:  x.inv.ClientIP,
		Secure:    x.inv.Secure,
		UserAgent: x.inv.UserAgent,
		Params:    x.inv.Raw,
	}
	return x
}
