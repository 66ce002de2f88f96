package gateway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// What differs from run to run in a line of the log.
var timings = regexp.MustCompile(`"time":"[^"]+"|"duration":\d+`)

func TestALogLineSaysWhoCalledWhatFromWhere(t *testing.T) {
	d := front(t, doorwardtest.WithServer(func(o *server.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	}))
	from := func(peer string, r *http.Request, headers ...string) *http.Request {
		r.RemoteAddr = peer
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	for _, c := range []struct {
		name    string
		request *http.Request
		want    string // Behind the callId.
	}{
		{"a page by IPv4", from("192.0.2.9:4711", post("/test.echo", "apiKey", d.APIKey, "sdk", "js_7"), "User-Agent", "Mozilla/5.0"),
			`"method":"test.echo","errorCode":0,"status":200,DURATION,"verb":"POST","ip":"192.0.2.9","secure":false,"bytes":BYTES,"apiKey":"APIKEY","via":"none","sdk":"js_7","agent":"Mozilla/5.0"}`},
		{"a server by IPv6", from("[2001:db8::7]:4711", get("/test.write", "apiKey", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret)),
			`"method":"test.write","errorCode":0,"status":200,DURATION,"verb":"GET","ip":"2001:db8::7","secure":false,"bytes":BYTES,"apiKey":"APIKEY","via":"userKey","userKey":"USERKEY"}`},
		{"the client behind a proxy", from("10.0.0.1:4711", post("/test.echo", "apiKey", d.APIKey), "X-Forwarded-For", "203.0.113.5", "X-Forwarded-Proto", "https"),
			`"method":"test.echo","errorCode":0,"status":200,DURATION,"verb":"POST","ip":"203.0.113.5","secure":true,"bytes":BYTES,"apiKey":"APIKEY","via":"none"}`},
		{"not what a stranger claims", from("198.51.100.1:4711", post("/test.echo", "apiKey", d.APIKey), "X-Forwarded-For", "203.0.113.5"),
			`"method":"test.echo","errorCode":0,"status":200,DURATION,"verb":"POST","ip":"198.51.100.1","secure":false,"bytes":BYTES,"apiKey":"APIKEY","via":"none"}`},
		{"refused", from("192.0.2.9:4711", post("/test.write", "apiKey", d.APIKey, "secret", "wr0ng")),
			`"method":"test.write","errorCode":403010,"status":200,DURATION,"verb":"POST","ip":"192.0.2.9","secure":false,"bytes":BYTES,"apiKey":"APIKEY","via":"partnerSecret"}`},
		{"a method that there is not", from("192.0.2.9:4711", post("/test.nothing", "apiKey", d.APIKey)),
			`"method":"unknown","errorCode":403007,"status":200,DURATION,"verb":"POST","ip":"192.0.2.9","secure":false,"bytes":BYTES,"name":"test.nothing","known":"unknown","apiKey":"APIKEY","via":"none"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, body := serve(d, c.request)
			line := logLine(t, d, callIDs.FindString(body))
			got := timings.ReplaceAllStringFunc(strings.TrimSpace(normal(d, line)), func(text string) string {
				if strings.HasPrefix(text, `"time"`) {
					return "TIME"
				}
				return "DURATION"
			})
			got = strings.NewReplacer(d.UserKey, "USERKEY", `"bytes":`+strconv.Itoa(len(body)), `"bytes":BYTES`).Replace(got)
			if diff := cmp.Diff(`{TIME,"level":"INFO","msg":"call","callId":"CALLID",`+c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALogLineIsBounded(t *testing.T) {
	d := front(t)
	long := strings.Repeat("X", 10000)
	r := verb(long, "/test.echo?apiKey="+d.APIKey)
	r.Header.Set("User-Agent", long)
	r.URL.Path = "/test." + long
	_, body := serve(d, r)
	if line := logLine(t, d, callIDs.FindString(body)); len(line) > 2000 {
		t.Errorf("a line of %d bytes", len(line))
	}
}

// failingRecorder is an audit log whose code has a mistake.
type failingRecorder struct{}

func (failingRecorder) Ending(*gateway.Record) *store.Audit { return nil }

func (failingRecorder) Record(context.Context, *gateway.Record) error { panic("out of ink") }

// TestAPanicBehindTheMethodIsCountedAndLogged: the connection ends without an answer, as net/http has it, and the operator is told.
func TestAPanicBehindTheMethodIsCountedAndLogged(t *testing.T) {
	var log bytes.Buffer
	metrics := gateway.NewMetrics()
	g, err := gateway.New(gateway.Options{
		Methods: method.NewTable(testMethods()...), Sites: noSites{}, Credentials: strangers{}, Clock: clock.System{}, CallID: func() string { return "id" },
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Recorder: failingRecorder{}, Metrics: metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("net/http is told %v", p)
			}
		}()
		g.ServeHTTP(httptest.NewRecorder(), get("/test.anonymous"))
	}()
	var counted strings.Builder
	metrics.Write(&counted)
	if !strings.Contains(counted.String(), "doorward_panics_total 1\n") {
		t.Error("it is not counted")
	}
	for _, part := range []string{`"level":"ERROR"`, "out of ink", "failingRecorder"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %s: %s", part, log.String())
		}
	}
}

func TestWhatStrangersSendIsNoErrorOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		kind, cause string
		body        io.Reader
	}{
		"a body that is cut": {"application/x-www-form-urlencoded", "unexpected EOF", iotest.ErrReader(io.ErrUnexpectedEOF)},
		"JSON that is none":  {"application/json", "EOF", strings.NewReader("{")},
		"a part that is cut": {"multipart/form-data; boundary=b", "unexpected EOF", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx")},
	} {
		var log bytes.Buffer
		g, err := gateway.New(gateway.Options{
			Methods: method.NewTable(testMethods()...), Sites: noSites{}, Credentials: strangers{}, Clock: clock.System{}, CallID: func() string { return "id" },
			Log: slog.New(slog.NewJSONHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/test.anonymous", c.body)
		r.Header.Set("Content-Type", c.kind)
		g.ServeHTTP(httptest.NewRecorder(), r)
		for _, part := range []string{`"level":"INFO"`, `"errorCode":400001`, c.cause} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: the log lacks %s: %s", name, part, log.String())
			}
		}
	}
}

// noSites knows none.
type noSites struct{}

func (noSites) Site(context.Context, string) (*site.Site, error) { return nil, store.ErrNotFound }

// strangers are all who call.
type strangers struct{}

func (strangers) Site(context.Context, *caller.Request) (*site.Site, error) { return nil, nil }

func (strangers) Caller(context.Context, *caller.Request, *site.Site) (*caller.Caller, error) {
	return &caller.Caller{Class: caller.Public, Via: "none"}, nil
}
