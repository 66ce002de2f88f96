package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/store"
)

// noon is when every scenario happens.
var noon = time.Date(2026, 3, 2, 10, 15, 30, 123e6, time.UTC)

type echoParams struct {
	Text  string        `param:"text"`
	Count int64         `param:"count,max=9"`
	Flag  bool          `param:"flag"`
	Quiet bool          `param:"quiet,server"`
	Thing method.Object `param:"thing"`
}

type echoResult struct {
	Text  string `json:"text,omitempty"`
	Count int64  `json:"count,omitempty"`
	Flag  bool   `json:"flag,omitempty"`
	Via   string `json:"via"`
}

func echo(_ context.Context, c *method.Call[echoParams]) (echoResult, error) {
	return echoResult{c.Params.Text, c.Params.Count, c.Params.Flag, c.Caller.Via}, nil
}

func testMethods() []*method.Method {
	fails := func(err error) method.Handler[method.None, method.None] {
		return func(context.Context, *method.Call[method.None]) (method.None, error) { return method.None{}, err }
	}
	return []*method.Method{
		method.New(method.Spec{Name: "test.echo", Aliases: []string{"test.repeat"}, Callers: caller.Public}, echo),
		method.New(method.Spec{Name: "test.server", Callers: caller.Server}, echo),
		method.New(method.Spec{Name: "test.sub.session", Callers: caller.Session}, echo),
		method.New(method.Spec{Name: "test.anonymous", Callers: caller.Public, NoSite: true, Anonymous: true, CacheControl: "public, max-age=60"}, echo),
		method.New(method.Spec{Name: "test.secure", Callers: caller.Public, HTTPS: true}, echo),
		method.New(method.Spec{Name: "test.write", Callers: caller.Server, Write: true}, echo),
		method.New(method.Spec{Name: "test.plainError", Callers: caller.Public}, fails(errors.New("the disk is full of s3cr3t"))),
		method.New(method.Spec{Name: "test.interrupted", Callers: caller.Public}, fails(&gigya.Error{
			Code: gigya.AccountPendingRegistration, Members: map[string]string{"regToken": "st2.x"}})),
		method.New(method.Spec{Name: "test.panic", Callers: caller.Public},
			func(context.Context, *method.Call[method.None]) (method.None, error) { panic("out of paper") }),
		method.New(method.Spec{Name: "test.cookie", Callers: caller.Public},
			func(_ context.Context, c *method.Call[method.None]) (method.None, error) {
				c.Cookies = append(c.Cookies, method.Cookie{Name: "gmid", Value: "g", MaxAge: time.Hour})
				return method.None{}, nil
			}),
	}
}

// front is a server with the methods of these tests, at noon.
func front(t *testing.T, opts ...doorwardtest.Option) *doorwardtest.Server {
	t.Helper()
	atNoon, _ := doorwardtest.WithTime(noon)
	methods := doorwardtest.WithServer(func(o *server.Options) { o.Methods = testMethods() })
	return doorwardtest.New(t, append([]doorwardtest.Option{atNoon, methods}, opts...)...)
}

var callIDs = regexp.MustCompile(`[0-9a-f]{32}`)

// normal replaces what differs from run to run.
func normal(d *doorwardtest.Server, body string) string {
	body = callIDs.ReplaceAllString(body, "CALLID")
	return strings.NewReplacer(d.APIKey, "APIKEY").Replace(body)
}

func serve(d *doorwardtest.Server, r *http.Request) (*http.Response, string) {
	w := httptest.NewRecorder()
	d.Handler().ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func get(path string, query ...string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "http://id.example"+path+"?"+encode(query), nil)
}

func post(path string, form ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://id.example"+path, strings.NewReader(encode(form)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func encode(pairs []string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

func success(members string) string {
	return `{
  "callId": "CALLID",
  "errorCode": 0,
  "apiVersion": 2,
  "statusCode": 200,
  "statusReason": "OK",
  "time": "2026-03-02T10:15:30.123Z"` + members + "\n}"
}

func failure(code, details, message, status, reason string) string {
	return `{
  "callId": "CALLID",
  "errorCode": ` + code + `,
  "errorDetails": "` + details + `",
  "errorMessage": "` + message + `",
  "apiVersion": 2,
  "statusCode": ` + status + `,
  "statusReason": "` + reason + `",
  "time": "2026-03-02T10:15:30.123Z"
}`
}

func denied(namespace, name string) string {
	return failure("403007", "Invalid namespace &#39;"+namespace+"&#39; or method &#39;"+name+
		"&#39; or you do not have the required permissions to call it. ", "Permission denied", "403", "Forbidden")
}

const publicVia = ",\n  \"via\": \"none\""

func TestAnswersByteForByte(t *testing.T) {
	d := front(t, doorwardtest.WithDataCenterElsewhere("eu1", "eu1.gigya.com"))
	elsewhere := d.AddSite(func(s *store.Site) { s.DataCenter = "eu1" })
	deleted := d.AddSite(func(s *store.Site) { s.Status = store.SiteDeleted })
	disabled := d.AddSite(func(s *store.Site) { s.Status = store.SiteDisabled })
	key := d.APIKey
	userKey, userSecret := d.AddKey("test.echo")
	deep := `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}"

	tests := map[string]struct {
		request *http.Request
		status  int
		want    string
	}{
		// Addresses.
		"GET":                     {get("/test.echo", "apiKey", key, "text", "a b"), 200, success(",\n  \"text\": \"a b\"" + publicVia)},
		"POST":                    {post("/test.echo", "apiKey", key, "text", "ü"), 200, success(",\n  \"text\": \"ü\"" + publicVia)},
		"any letter case":         {post("/TEST.Echo", "APIKey", key), 200, success(publicVia)},
		"a trailing slash":        {post("/test.echo/", "apikey", key), 200, success(publicVia)},
		"a doubled slash":         {post("//test.echo", "ApiKey", key), 200, success(publicVia)},
		"an alias":                {post("/test.repeat", "apiKey", key), 200, success(publicVia)},
		"query and body together": {both("/test.echo", "apiKey="+key+"&text=query", "text=body"), 200, success(",\n  \"text\": \"body\"" + publicVia)},
		"a verb that is not served": {verb(http.MethodDelete, "/test.echo?apiKey="+key), 405,
			failure("400001", "The HTTP method is not served. Use GET or POST.", "Invalid request format", "400", "Bad Request")},

		// Encodings.
		"no content type":        {typed("", "/test.echo", "apiKey="+key+"&flag=True"), 200, success(",\n  \"flag\": true" + publicVia)},
		"a wrong content type":   {typed("text/plain", "/test.echo", "apiKey="+key+"&flag=1"), 200, success(",\n  \"flag\": true" + publicVia)},
		"a JSON object":          {typed("application/json", "/test.echo", `{"apiKey":"`+key+`","count":3}`), 200, success(",\n  \"count\": 3" + publicVia)},
		"multipart":              {typed("multipart/form-data; boundary=x", "/test.echo", "--x\r\nContent-Disposition: form-data; name=\"apiKey\"\r\n\r\n"+key+"\r\n--x--\r\n"), 200, success(publicVia)},
		"GET with the body null": {nullBody("/test.echo?apiKey=" + key), 200, success(publicVia)},
		"one name, two values":   {post("/test.echo", "apiKey", key, "text", "a", "TEXT", "b"), 200, conflict()},

		// Form of the answer.
		"context":                  {post("/test.echo", "apiKey", key, "context", `{"a":1}`), 200, strings.Replace(success(publicVia), `"CALLID",`, "\"CALLID\",\n  \"context\": \"{\\\"a\\\":1}\",", 1)},
		"JSONP":                    {get("/test.echo", "apiKey", key, "format", "JSONP", "callback", "gigya.cb"), 200, "gigya.cb(" + success(publicVia) + ");"},
		"JSONP without a callback": {get("/test.echo", "apiKey", key, "format", "jsonp"), 200, missing("callback")},
		"JSONP is always 200":      {get("/test.panic", "apiKey", key, "format", "jsonp", "callback", "f", "httpStatusCodes", "true"), 200, "f(" + generalError() + ");"},
		"a callback that is code":  {get("/test.echo", "apiKey", key, "format", "jsonp", "callback", "alert(1)"), 200, "*Invalid argument: callback"},
		"an unknown format":        {get("/test.echo", "apiKey", key, "format", "yaml"), 200, "*Invalid argument: format"},
		"a context that is long":   {post("/test.echo", "apiKey", key, "context", strings.Repeat("x", 2049)), 200, failure("400006", "Invalid argument: context: at most 2048 bytes", "Invalid parameter value", "400", "Bad Request")},
		"httpStatusCodes":          {post("/test.echo", "httpStatusCodes", "True"), 400, missing("apiKey")},
		"httpStatusCodes=false":    {post("/test.echo", "httpStatusCodes", "false"), 200, missing("apiKey")},
		"206 with httpStatusCodes": {post("/test.interrupted", "apiKey", key, "httpStatusCodes", "1"), 206, "*\"regToken\": \"st2.x\""},

		// Order and texts of the checks.
		"no apiKey":                 {post("/test.echo"), 200, missing("apiKey")},
		"no apiKey, unknown method": {post("/test.nothing"), 200, missing("apiKey")},
		"an apiKey without version": {post("/test.echo", "apiKey", "abc"), 200, failure("400093", "GSKeyBase is invalid, no version: abc", "Invalid ApiKey parameter", "400", "Bad Request")},
		"an unknown apiKey":         {post("/test.echo", "apiKey", "4_AAAAAAAAAAAAAAAAAAAAAA"), 200, failure("400093", "Invalid ApiKey parameter", "Invalid ApiKey parameter", "400", "Bad Request")},
		"an unknown method":         {post("/test.nothing", "apiKey", key), 200, denied("test", "nothing")},
		"an unserved method":        {post("/accounts.tfa.initTFA", "apiKey", key), 200, notSupported()},
		"a withdrawn method":        {post("/comments.postComment", "apiKey", key), 200, notSupported()},
		"another data center":       {post("/test.server", "apiKey", elsewhere, "secret", "wrong"), 200, movedAway()},
		"301 with httpStatusCodes":  {post("/test.server", "apiKey", elsewhere, "httpStatusCodes", "true"), 301, movedAway()},
		"a deleted site":            {post("/test.echo", "apiKey", deleted), 200, failure("403007", "Site was deleted", "Permission denied", "403", "Forbidden")},
		"a disabled site":           {post("/test.echo", "apiKey", disabled), 200, failure("403036", "Unauthorized partner", "Unauthorized partner", "403", "Forbidden")},
		"a wrong secret":            {post("/test.echo", "apiKey", key, "secret", "wrong"), 200, failure("403010", "Invalid parameter: secret", "Invalid Secret", "403", "Forbidden")},
		"an unknown userKey":        {post("/test.echo", "apiKey", key, "userKey", "AAAAAAAAAAAA", "secret", "x"), 200, failure("403005", "The supplied userkey was not found", "Unauthorized user", "403", "Forbidden")},
		"an unknown session":        {post("/test.sub.session", "apiKey", key, "login_token", "st2.s.x"), 200, failure("403005", "Unauthorized user", "Unauthorized user", "403", "Forbidden")},
		"no credential":             {post("/test.server", "apiKey", key), 200, denied("test", "server")},
		"a name with several dots":  {post("/test.sub.session", "apiKey", key), 200, denied("test", "sub.session")},
		"a key without the right":   {post("/test.server", "apiKey", key, "userKey", userKey, "secret", userSecret), 200, denied("test", "server")},
		"a key with the right":      {post("/test.echo", "apiKey", key, "userKey", userKey, "secret", userSecret), 200, success(",\n  \"via\": \"userKey\"")},
		"the partner's secret":      {post("/test.server", "apiKey", key, "secret", d.Secret), 200, success(",\n  \"via\": \"partnerSecret\"")},
		"oauth_token is the apiKey": {post("/test.echo", "oauth_token", key), 200, success(publicVia)},
		"the header apikey":         {headed(post("/test.echo"), "apikey", key), 200, success(publicVia)},
		"no site is needed":         {get("/test.anonymous"), 200, success(",\n  \"via\": \"none\"")},
		"a wrong number":            {post("/test.echo", "apiKey", key, "count", "x"), 200, failure("400004", "Invalid argument: count", "Invalid parameter format", "400", "Bad Request")},
		"a number out of bounds":    {post("/test.echo", "apiKey", key, "count", "10"), 200, failure("400006", "Invalid argument: count: want a number up to 9", "Invalid parameter value", "400", "Bad Request")},
		"an object that is deep":    {post("/test.echo", "apiKey", key, "thing", deep), 200, failure("400004", "Invalid argument: thing: want a JSON object: document is nested too deep", "Invalid parameter format", "400", "Bad Request")},
		"too many parameters":       {post("/test.echo", many(1001)...), 200, failure("400001", "The request has more than 1000 parameters.", "Invalid request format", "400", "Bad Request")},
		"a body over the limit":     {typed("application/x-www-form-urlencoded", "/test.echo?apiKey="+key, "text="+strings.Repeat("x", 4<<20)), 200, "*\"errorCode\": 413001"},
		"a query over the limit":    {get("/test.echo", "apiKey", key, "text", strings.Repeat("x", 17<<10)), 200, failure("414000", "Request URI too long", "Request URI too long", "414", "Request-URI Too Long")},

		// Unknown parameters.
		"ignoredParams":           {post("/test.echo", "apiKey", key, "Zeta", "1", "quiet", "1"), 200, success(ignored("Zeta", "quiet") + publicVia)},
		"ignoredParams on errors": {post("/test.echo", "apiKey", key, "Zeta", "1", "count", "x"), 200, "*\"paramName\": \"Zeta\""},
		"checkParams":             {post("/test.echo", "apiKey", key, "Zeta", "1", "checkParams", "true"), 200, "*nor were they recognized as standard Gigya control parameters: Zeta\""},

		// Failures inside.
		"an error of the inside": {post("/test.plainError", "apiKey", key), 200, generalError()},
		"a panic":                {post("/test.panic", "apiKey", key, "httpStatusCodes", "true"), 500, generalError()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, body := serve(d, test.request)
			if response.StatusCode != test.status {
				t.Errorf("status %d, want %d", response.StatusCode, test.status)
			}
			checkHeaders(t, response, body)
			got := normal(d, body)
			if part, ok := strings.CutPrefix(test.want, "*"); ok {
				if !strings.Contains(got, part) {
					t.Errorf("got %s, want a part %s", got, part)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// checkHeaders checks what every answer has.
func checkHeaders(t *testing.T, r *http.Response, body string) {
	t.Helper()
	if got := r.Header.Get("Content-Length"); got != itoa(len(body)) {
		t.Errorf("Content-Length %q, body %d", got, len(body))
	}
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "X-Content-Type-Options": "nosniff",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := r.Header.Get("Cache-Control"); got != "private, no-store" && got != "public, max-age=60" {
		t.Errorf("Cache-Control: %q", got)
	}
}

func TestXMLKeepsTheElementsThatClientsLookFor(t *testing.T) {
	d := front(t)
	response, body := serve(d, post("/TEST.ECHO", "apiKey", d.APIKey, "format", "xml", "count", "x"))
	if got := response.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
	for _, part := range []string{"<test.echoResponse ", "<errorCode>400004</errorCode>", "<errorMessage>Invalid parameter format</errorMessage>"} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
}

func TestHEADAnswersLikeGETWithoutABody(t *testing.T) {
	d := front(t)
	_, body := serve(d, get("/test.echo", "apiKey", d.APIKey))
	head := get("/test.echo", "apiKey", d.APIKey)
	head.Method = http.MethodHead
	response, none := serve(d, head)
	if none != "" || response.Header.Get("Content-Length") != itoa(len(body)) {
		t.Errorf("length %s, body %q", response.Header.Get("Content-Length"), none)
	}
}

func TestAPanicIsFoundInTheLogByItsCallID(t *testing.T) {
	d := front(t)
	_, body := serve(d, post("/test.panic", "apiKey", d.APIKey))
	id := callIDs.FindString(body)
	line := logLine(t, d, id)
	for _, part := range []string{"out of paper", "scenario_test.go", `"method":"test.panic"`, `"errorCode":500001`, `"level":"ERROR"`} {
		if !strings.Contains(line, part) {
			t.Errorf("no %s in %s", part, line)
		}
	}
	if strings.Contains(body, "paper") {
		t.Error("the answer tells the cause")
	}
}

func logLine(t *testing.T, d *doorwardtest.Server, id string) string {
	t.Helper()
	for line := range strings.Lines(d.Log()) {
		if strings.Contains(line, id) {
			return line
		}
	}
	t.Fatalf("callId %s is not in the log", id)
	return ""
}

func both(path, query, body string) *http.Request {
	r := typed("application/x-www-form-urlencoded", path+"?"+query, body)
	return r
}

func typed(contentType, path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://id.example"+path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func nullBody(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://id.example"+path, io.NopCloser(bytes.NewBufferString("null")))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func verb(verb, path string) *http.Request {
	return httptest.NewRequest(verb, "http://id.example"+path, nil)
}

func headed(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}

func many(n int) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, "p"+itoa(i), "x")
	}
	return pairs
}
