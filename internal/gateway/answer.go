package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// judge turns what the phases returned into the answer's error. What is not the caller's fault becomes 500001, and the
// cause goes to the log alone.
func (x *exchange) judge(err error) {
	x.failure = method.Fault(err)
	if x.failure != nil {
		x.record.Code = x.failure.Code
		x.record.Details = x.failure.Details
		x.record.Cause = x.failure.Cause
	}
}

// keep hands the record to the audit log, unless the method wrote it with its change. A failure there is told in the log
// line: the call has happened.
func (x *exchange) keep(ctx context.Context) {
	x.noteExposure(ctx)
	x.complete()
	if x.gateway.Recorder == nil || x.inv.Recorded(x.failure) {
		return
	}
	if err := x.gateway.Recorder.Record(ctx, &x.record); err != nil && x.record.Cause == nil {
		x.record.Cause = err
	}
}

// ending is the audit record of the call as one that ends so: see [method.Invocation.Succeed].
func (x *exchange) ending(failure *gigya.Error) *store.Audit {
	x.complete()
	record := x.record
	record.Code, record.Details = 0, ""
	if failure != nil {
		record.Code, record.Details = failure.Code, failure.Details
	}
	return x.gateway.Recorder.Ending(&record)
}

// complete fills in what the method found out.
func (x *exchange) complete() {
	r := &x.record
	r.Duration = time.Since(x.started) // So far: what is recorded of it cannot wait for its end.
	r.FullName = x.canonicalName()
	if x.claim.OwnCredential {
		x.ownCredential()
	}
	r.UID = x.inv.UID
	if r.UID == "" && r.Caller != nil {
		r.UID = r.Caller.UID
	}
}

// ownCredential takes over what a method found out that proves its callers itself.
func (x *exchange) ownCredential() {
	r := &x.record
	if x.inv.Site != nil {
		r.Site, r.APIKey = x.inv.Site, x.inv.Site.APIKey
	}
	if c := x.inv.Caller; c != nil && c.Class == caller.Server {
		r.Caller, r.Via = c, c.Via
		if c.Key != nil {
			r.UserKey = c.Key.UserKey
		}
	}
}

// Sizes of pooled buffers and of answers worth compressing.
const (
	maxPooled = 256 << 10
	gzipFrom  = 1 << 10
)

var (
	buffers = sync.Pool{New: func() any { return new([]byte) }}
	zippers = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return w }}
)

// answer writes the envelope with its headers.
func (x *exchange) answer(w http.ResponseWriter, members []byte) {
	a := gigya.Answer{
		Method: x.canonicalName(), CallID: x.inv.CallID, Err: x.failure, Time: x.inv.Now, Ignored: append(x.ignored, x.inv.Ignored...), Members: members,
	}
	a.Context, a.HasContext = x.context()
	buffer := buffers.Get().(*[]byte)
	body := gigya.AppendAnswer((*buffer)[:0], &a, x.format, x.callback)
	x.record.Format, x.record.HTTPStatus, x.record.Bytes = x.format, x.httpStatus(), len(body)
	header := w.Header()
	x.headers(header)
	if len(body) > gzipFrom {
		header.Add("Vary", "Accept-Encoding")
	}
	if len(body) > gzipFrom && acceptsGzip(x.request.Header) {
		header.Set("Content-Encoding", "gzip")
		x.write(w, compress(body))
	} else {
		x.write(w, body)
	}
	*buffer = body
	recycle(buffer)
	recycle(x.scratch)
}

// recycle lets other calls use the memory, unless it is none or too much to keep.
func recycle(buffer *[]byte) {
	if buffer != nil && cap(*buffer) <= maxPooled {
		buffers.Put(buffer)
	}
}

func (x *exchange) write(w http.ResponseWriter, body []byte) {
	// Always a length: one client takes an answer without for an empty one.
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(x.record.HTTPStatus)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(body) // The client is gone: nobody is left to tell.
	}
}

func (x *exchange) canonicalName() string {
	if x.method != nil {
		return x.method.Spec.Name
	}
	return x.gateway.Methods.Canonical(cut(x.name, 128))
}

// httpStatus is 200 for everything, unless the caller asked for statusCode. JSONP is always 200: browsers run no script
// of another status.
func (x *exchange) httpStatus() int {
	switch {
	case x.wireStatus != 0:
		return x.wireStatus
	case !x.realStatus || x.format == gigya.JSONP:
		return http.StatusOK
	case x.inv.HTTPStatus != 0:
		return x.inv.HTTPStatus
	case x.failure != nil:
		return x.failure.Code.Status()
	}
	return http.StatusOK
}

// Header values that most answers share. They are put into the map as they are, which spares an allocation each; nothing
// that comes after alters a value in place.
var (
	noSniff      = []string{"nosniff"}
	privateValue = []string{"private, no-store"}
	noCache      = []string{"no-cache"}
	xmlType      = []string{gigya.ContentType(gigya.XML)}
)

func (x *exchange) headers(header http.Header) {
	header["Content-Type"] = x.gateway.contentType
	if x.format == gigya.XML {
		header["Content-Type"] = xmlType
	}
	header["X-Content-Type-Options"] = noSniff
	header["X-Callid"] = []string{x.inv.CallID}
	if x.failure == nil && x.method != nil && x.method.Spec.CacheControl != "" {
		header.Set("Cache-Control", x.method.Spec.CacheControl)
	} else {
		header["Cache-Control"] = privateValue
		header["Pragma"] = noCache
	}
	if x.failure != nil {
		x.failureHeaders(header)
	}
	x.allowPage(header)
	for _, cookie := range x.inv.Cookies {
		header.Add("Set-Cookie", x.cookie(cookie))
	}
}

func (x *exchange) failureHeaders(header http.Header) {
	switch {
	case x.wireStatus == http.StatusMethodNotAllowed:
		header.Set("Allow", allowedVerbs)
	case x.failure.Code == gigya.APIRateLimitExceeded:
		header.Set("Retry-After", "1")
	case x.failure.Code == gigya.InvalidDataCenter && x.realStatus && x.format != gigya.JSONP:
		if m, ok := x.failure.Members.(elsewhere); ok && m.Location != "" {
			header.Set("Location", m.Location)
		}
	case x.bearerError != "" && x.record.HTTPStatus == http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `OAuth realm="Gigya", error="`+x.bearerError+`"`)
	}
}

// cookie is readable by the page's scripts only through the server's answers. Pages of other sites call the server, so
// it must travel there too, which browsers allow for secure ones alone.
func (x *exchange) cookie(c method.Cookie) string {
	cookie := http.Cookie{
		Name: c.Name, Value: c.Value, Path: "/", MaxAge: int(c.MaxAge.Seconds()), HttpOnly: true, Secure: x.origin.Secure,
		SameSite: http.SameSiteLaxMode,
	}
	if x.origin.Secure {
		cookie.SameSite = http.SameSiteNoneMode
	}
	return cookie.String()
}

// acceptsGzip tells whether the client asked for gzip by name: answers are never compressed unasked.
func acceptsGzip(header http.Header) bool {
	for _, line := range header.Values("Accept-Encoding") {
		for element := range strings.SplitSeq(line, ",") {
			coding, weight, _ := strings.Cut(element, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				weight = strings.ReplaceAll(weight, " ", "")
				return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
			}
		}
	}
	return false
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(body) / 2)
	w := zippers.Get().(*gzip.Writer)
	w.Reset(&out)
	_, _ = w.Write(body) // Writing to memory does not fail.
	_ = w.Close()
	zippers.Put(w)
	return out.Bytes()
}
