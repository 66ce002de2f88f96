package gateway

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// phases are a call's way up to the method. The first that fails answers. The order is the protocol's: a wrong API key is
// told before an unknown method, another data center before a wrong secret, a missing right before a missing parameter.
var phases = [...]func(*exchange, context.Context) error{
	(*exchange).receive,
	(*exchange).findMethod,
	(*exchange).keepSecrecy,
	(*exchange).holdFlood,
	(*exchange).findSite,
	(*exchange).proveCaller,
	(*exchange).checkPage,
	(*exchange).checkPermission,
	(*exchange).holdRate,
}

// run walks through the phases, binds the parameters and calls the method. It returns the members of the answer, a
// compact JSON object.
func (x *exchange) run(ctx context.Context) (members []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			x.record.Stack = debug.Stack()
			members, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	for _, phase := range phases {
		if err := phase(x, ctx); err != nil {
			return nil, err
		}
	}
	bound, ignored, err := x.method.Bind(&x.inv)
	x.ignored = ignored
	if err != nil {
		return nil, err
	}
	result, err := x.method.Invoke(ctx, bound)
	if err != nil {
		return nil, err
	}
	return x.marshal(result)
}

// marshal returns the members of the result. Those that write themselves do it into memory that other calls use again.
func (x *exchange) marshal(result any) ([]byte, error) {
	appender, ok := result.(gigya.Appender)
	if !ok {
		return gigya.Marshal(result)
	}
	x.scratch = buffers.Get().(*[]byte)
	*x.scratch = appender.AppendJSON((*x.scratch)[:0])
	return *x.scratch, nil
}

// receive reads the parameters and those of them that say how to answer.
func (x *exchange) receive(context.Context) error {
	r := x.request
	params, err := gigya.Decode(gigya.DecodeRequest{
		Query:       r.URL.RawQuery,
		ContentType: r.Header.Get("Content-Type"),
		Body:        r.Body,
		Gzip:        strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip"),
		Limits:      gigya.Limits{Body: x.gateway.BodyLimit},
	})
	if err != nil {
		// How to answer is taken from the query string alone, if that can be read.
		if query, broken := gigya.Decode(gigya.DecodeRequest{Query: r.URL.RawQuery}); broken == nil {
			x.setParams(query)
			_ = x.readForm()
		}
		return err
	}
	x.setParams(params)
	if err := x.readForm(); err != nil {
		return err
	}
	if len(r.RequestURI) > maxURI {
		return &gigya.Error{Code: gigya.RequestURITooLong}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead {
		x.wireStatus = http.StatusMethodNotAllowed
		return gigya.NewError(gigya.InvalidRequestFormat, "The HTTP method is not served. Use GET or POST.")
	}
	return nil
}

// maxURI bounds path and query string together.
const maxURI = 16 << 10

func (x *exchange) setParams(params *gigya.Params) {
	x.inv.Raw, x.record.Params = params, params
	x.record.SDK = cut(params.Get("sdk"), 64)
	if key := params.Get("apiKey"); site.ValidAPIKey(key) {
		x.record.APIKey = key
	}
}

// maxContext bounds the text that is echoed.
const maxContext = 2 << 10

func (x *exchange) readForm() error {
	params := x.inv.Raw
	status, err := gigya.ParseBool("httpStatusCodes", params.Get("httpStatusCodes"))
	if err != nil {
		return err
	}
	x.realStatus = status
	format, err := gigya.ParseFormat(params.Get("format"))
	if err != nil {
		return err
	}
	if format == gigya.JSONP {
		callback := params.Get("callback")
		if err := gigya.CheckCallback(callback); err != nil {
			return err
		}
		x.callback = callback
	}
	x.format = format
	if len(params.Get("context")) > maxContext {
		return gigya.InvalidArgumentBecause("context", "at most 2048 bytes")
	}
	return nil
}

// context is the text to echo: as it was received, unless it was refused.
func (x *exchange) context() (text string, given bool) {
	text, given = x.inv.Raw.Lookup("context")
	if len(text) > maxContext {
		return "", false
	}
	return text, given
}

func (x *exchange) findMethod(context.Context) error {
	x.method, x.record.Status = x.gateway.Methods.Lookup(x.name)
	x.inv.Method, x.record.Method = x.method, x.method
	return nil
}

// sensitive are the parameters that must not travel in the clear. oldPassword is another name of password.
var sensitive = [...]string{"secret", "client_secret", "password", "newPassword", "oldPassword"}

func (x *exchange) keepSecrecy(context.Context) error {
	if x.origin.Secure || x.gateway.AllowInsecure {
		return nil
	}
	for _, name := range sensitive {
		if x.inv.Raw.Has(name) {
			return &gigya.Error{Code: gigya.SensitiveDataSentOverHTTP}
		}
	}
	if x.request.Header.Get("Authorization") != "" {
		return &gigya.Error{Code: gigya.SensitiveDataSentOverHTTP}
	}
	if x.method != nil && x.method.Spec.HTTPS {
		return gigya.NewError(gigya.InvalidRequestFormat, "This method is served over HTTPS only.")
	}
	return nil
}

func (x *exchange) holdFlood(context.Context) error {
	if !x.gateway.address.allow(network(x.inv.ClientIP), x.inv.Now) {
		return &gigya.Error{Code: gigya.APIRateLimitExceeded}
	}
	return nil
}

// findSite finds the site that the call is about, if it is served here and in use.
func (x *exchange) findSite(ctx context.Context) error {
	x.claim = x.claimed()
	s, err := x.gateway.Credentials.Site(ctx, &x.claim)
	if err != nil {
		return err
	}
	x.inv.Site, x.record.Site = s, s
	if s != nil {
		x.record.APIKey = s.APIKey
	}
	return nil
}

// elsewhereError is the answer for a site that another installation serves, nil for ours.
func (x *exchange) elsewhereError(s *site.Site) error {
	domain, routed := x.gateway.Routes[s.DataCenter]
	if !routed || method.AnyDataCenter(x.name) {
		return nil
	}
	// Who may know which site it is: the log and the audit, and how the page's CORS question is answered.
	x.record.APIKey = s.APIKey
	moved := elsewhere{APIDomain: domain}
	if name := x.canonicalName(); plainName(name) {
		namespace, _ := method.SplitName(name)
		moved.Location = "https://" + namespace + "." + domain + "/" + name
	}
	return &gigya.Error{Code: gigya.InvalidDataCenter, Details: "This API key is served by another data center", Members: moved}
}

// elsewhere tells where a site is served: administration tools follow it by themselves.
type elsewhere struct {
	APIDomain string `json:"apiDomain"`
	// Location is empty for a name that the caller made up: it could end the host name before our domain.
	Location string `json:"location,omitempty"`
}

// plainName tells whether the name may stand in an address: letters and digits, with single dots between them.
func plainName(name string) bool {
	before := byte('.')
	for i := range len(name) {
		c := name[i]
		if c == '.' && before == '.' || c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
		before = c
	}
	return before != '.'
}

// checkPage refuses calls that a page makes which the site does not trust: scripts by JSONP, which any page can include
// and read, and whatever acts by the session cookie, which the browser adds by itself.
func (x *exchange) checkPage(context.Context) error {
	s := x.inv.Site
	if s == nil {
		return nil
	}
	origin := x.request.Header.Get("Origin")
	page := origin
	if origin == "" || origin == "null" {
		page = x.inv.Referrer
	}
	byCookie := x.inv.Caller.Ambient
	from := x.request.Header.Get("Sec-Fetch-Site") // Empty: no browser, or an old one. none: the user typed the address.
	elsewhere := origin == "null" || from == "cross-site" || from == "same-site"
	switch {
	case page == "" && byCookie && (elsewhere || x.format == gigya.JSONP):
		// A page can keep its browser from telling which it is, so that no page is no trusted page.
	case page == "" || (x.format != gigya.JSONP && !byCookie):
		return nil
	case s.Trusts(page) || samePlace(page, x.origin.BaseURL):
		return nil
	}
	return &gigya.Error{Code: gigya.InvalidSiteDomain}
}

// samePlace: the page is the server's own, such as the hidden frame of the web SDK.
func samePlace(page, base string) bool {
	rest, ok := strings.CutPrefix(page, base)
	return ok && (rest == "" || rest[0] == '/')
}

func (x *exchange) checkPermission(context.Context) error {
	if x.record.Status == method.Unserved || x.record.Status == method.Withdrawn {
		return &gigya.Error{Code: gigya.NotSupported}
	}
	if x.method == nil {
		return caller.Denied(x.name)
	}
	c := x.inv.Caller
	if !c.Permitted(x.method.Spec.Callers, x.method.Right()) || c.OfAnotherPartner(&x.claim, x.inv.Site) {
		return caller.Denied(x.method.Spec.Name)
	}
	return nil
}

func (x *exchange) holdRate(context.Context) error {
	c := x.inv.Caller
	allowed := false
	switch {
	case c.Class != caller.Server:
		allowed = x.gateway.client.allow(network(x.inv.ClientIP), x.inv.Now)
	case c.Key != nil:
		allowed = x.gateway.server.allow(bucket{key: c.Key.UserKey}, x.inv.Now)
	default:
		allowed = x.gateway.server.allow(partnerBucket(x.inv.Site), x.inv.Now)
	}
	if !allowed {
		return &gigya.Error{Code: gigya.APIRateLimitExceeded}
	}
	return nil
}

// bucket is the server credential whose calls are counted together: a key, or the secret of a partner.
type bucket struct {
	key     string
	partner int64
}

func partnerBucket(s *site.Site) bucket {
	if s == nil {
		return bucket{}
	}
	return bucket{partner: s.Site.Partner}
}
