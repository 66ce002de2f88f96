package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/localca"
	"github.com/doorward/doorward/internal/server"
)

// forwarding is a forward proxy before a handler.
type forwarding struct {
	address string
	pool    *x509.CertPool
	// stop ends it and returns what Serve said.
	stop func() error
}

// forwardTo serves the handler behind a proxy until the test ends.
func forwardTo(t *testing.T, handler http.Handler, b server.Bounds) *forwarding {
	t.Helper()
	authority, err := localca.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: "127.0.0.1:0", Handler: handler, ProxyCertificate: authority.CertificateFor, Bounds: b,
		ShutdownTimeout: 8 * time.Second, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	f := &forwarding{address: listeners.HTTPAddr(), pool: authority.Pool()}
	f.stop = sync1(func() error {
		stop()
		return <-served
	})
	t.Cleanup(func() {
		if err := f.stop(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// sync1 makes a function that runs once and answers the same ever after.
func sync1(run func() error) func() error {
	var ran bool
	var err error
	return func() error {
		if !ran {
			ran, err = true, run()
		}
		return err
	}
}

// client goes through the proxy and trusts its authority alone.
func (f *forwarding) client(t *testing.T, change func(*http.Transport)) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: f.address}),
		TLSClientConfig: &tls.Config{RootCAs: f.pool},
	}
	if change != nil {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// say sends the text over a connection of its own and returns everything that comes back.
func (f *forwarding) say(t *testing.T, text string) string {
	t.Helper()
	connection := f.dial(t)
	// A proxy may end the connection before everything was sent.
	_, _ = io.WriteString(connection, text)
	answer, err := io.ReadAll(connection)
	if timedOut, ok := err.(net.Error); ok && timedOut.Timeout() {
		t.Errorf("the connection is kept after %.80q", text)
	}
	return string(answer)
}

func (f *forwarding) dial(t *testing.T) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	return connection
}

// tunnel is a connection after an answered CONNECT.
func (f *forwarding) tunnel(t *testing.T, target string) net.Conn {
	t.Helper()
	connection := f.dial(t)
	fmt.Fprintf(connection, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	const want = "HTTP/1.1 200 Connection established\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(connection, got); err != nil || string(got) != want {
		t.Fatalf("%q, %v", got, err)
	}
	return connection
}

// witness answers with what it was asked: the method, the host and whether it was over TLS.
var witness = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "served %s %s%s TLS %v HTTP/%d %s", r.Method, r.Host, r.URL.Path, r.TLS != nil, r.ProtoMajor, body)
})

func TestRequestLinesToTheProxy(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{})
	const (
		smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
		other    = "HTTP/1.1 403"
	)
	get := func(target string) string {
		return "GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	}
	connect := func(target string, lines ...string) string {
		return "CONNECT " + target + " HTTP/1.1\r\nHost: h\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
	}
	for name, test := range map[string]struct{ request, want string }{
		"the server itself":                 {get("/x.y"), "served GET h/x.y TLS false"},
		"absolute form":                     {get("http://accounts.us1.gigya.com/x.y"), "served GET accounts.us1.gigya.com/x.y TLS false"},
		"absolute form, large and a dot":    {get("http://ACCOUNTS.Us1.Gigya.com./x.y"), "served GET ACCOUNTS.Us1.Gigya.com./x.y TLS false"},
		"absolute form with a port":         {get("http://gigya.com:80/x.y"), "served GET gigya.com:80/x.y TLS false"},
		"absolute form of https":            {get("https://ds.cn1.gigya-api.cn/x.y"), "served GET ds.cn1.gigya-api.cn/x.y TLS true"},
		"absolute form of https and a port": {get("HTTPS://gigya.com:443/x.y"), "served GET gigya.com:443/x.y TLS true"},
		"absolute form in HTTP/1.0":         {"GET http://gigya.com/x.y HTTP/1.0\r\n\r\n", "served GET gigya.com/x.y TLS false"},
		"absolute form, another host":       {get("http://example.com/"), other},
		"absolute form, an address":         {get("http://169.254.169.254/latest/meta-data"), other},
		"absolute form, IPv6":               {get("http://[::1]:80/"), other},
		"absolute form, this machine":       {get("http://localhost/"), other},
		"absolute form, another port":       {get("http://gigya.com:8080/"), other},
		"absolute form, a user":             {get("http://user@gigya.com/"), other},
		"absolute form, ours as the user":   {get("http://gigya.com@example.com/"), other},
		"absolute form, another scheme":     {get("ftp://gigya.com/"), other},
		"absolute form, a file":             {get("file:///etc/passwd"), other},
		"absolute form, gopher":             {get("gopher://127.0.0.1:25/_HELO"), other},
		"absolute form without a host":      {get("http:///x.y"), other},
		"ours in the Host line alone":       {"GET http://example.com/ HTTP/1.1\r\nHost: gigya.com\r\n\r\n", other},
		"CONNECT to another":                {connect("example.com:443"), other},
		"CONNECT to a name that ends alike": {connect("notgigya.com:443"), other},
		"CONNECT to another port":           {connect("gigya.com:22"), other},
		"CONNECT without a port":            {connect("gigya.com"), other},
		"CONNECT to an address":             {connect("127.0.0.1:443"), other},
		"CONNECT to IPv6":                   {connect("[::1]:443"), other},
		"CONNECT to a number":               {connect("2130706433:80"), other},
		"CONNECT with a user":               {connect("user@gigya.com:443"), other},
		"CONNECT with a path":               {connect("gigya.com:443/x"), other},
		"CONNECT with a query":              {connect("example.com?.gigya.com:443"), other},
		"CONNECT to a path":                 {connect("/gigya.com:443"), other},
		"CONNECT to a URL":                  {connect("https://gigya.com:443"), other},
		"CONNECT to garbage":                {connect("%%%"), "HTTP/1.1 400"},
		"CONNECT to nothing":                {"CONNECT  HTTP/1.1\r\nHost: h\r\n\r\n", other},
		"CONNECT to a huge name":            {connect(strings.Repeat("a.", 20<<10) + "gigya.com:443"), other},
		"CONNECT to a name without end":     {connect(strings.Repeat("a.", 64<<10) + "gigya.com:443"), "HTTP/1.1 431"},
		"CONNECT with a body":               {connect("gigya.com:443", "Content-Length: 5") + "hello", "HTTP/1.1 400"},
		"CONNECT with chunks":               {connect("gigya.com:443", "Transfer-Encoding: chunked") + "0\r\n\r\n", "HTTP/1.1 400"},
		"CONNECT that another follows":      {connect("example.com:443") + smuggled, other},
	} {
		t.Run(name, func(t *testing.T) {
			answer := f.say(t, test.request)
			if !strings.Contains(answer, test.want) || strings.Count(answer, "\r\nContent-Type: ") != 1 || strings.Contains(answer, "smuggled") {
				t.Errorf("want %q in one answer:\n%.600s", test.want, answer)
			}
			if refused := test.want == other; refused && (!strings.Contains(answer, "It answers for gigya.com, gigya-api.cn and the names below them") ||
				!strings.Contains(answer, "\r\nConnection: close\r\n") || strings.Contains(answer, "served") || strings.Contains(answer, "example.com")) {
				t.Errorf("refused with\n%s", answer)
			}
		})
	}
}

func TestAClientReachesEveryNameThroughTheProxy(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{})
	for name, change := range map[string]func(*http.Transport){
		"HTTP/1.1": nil,
		"HTTP/2":   func(transport *http.Transport) { transport.ForceAttemptHTTP2 = true },
	} {
		client := f.client(t, change)
		for target, want := range map[string]string{
			"https://accounts.us1.gigya.com/a.b":       "served POST accounts.us1.gigya.com/a.b TLS true " + name[:6] + " hello",
			"https://a.b.c.d.eu9.gigya.com/a.b":        "served POST a.b.c.d.eu9.gigya.com/a.b TLS true " + name[:6] + " hello",
			"https://gigya.com/a.b":                    "served POST gigya.com/a.b TLS true " + name[:6] + " hello",
			"https://gigya-api.cn:443/a.b":             "served POST gigya-api.cn:443/a.b TLS true " + name[:6] + " hello",
			"https://Accounts.CN1.gigya-API.cn/a.b":    "served POST Accounts.CN1.gigya-API.cn/a.b TLS true " + name[:6] + " hello",
			"http://accounts.us1.gigya.com/a.b":        "served POST accounts.us1.gigya.com/a.b TLS false HTTP/1 hello",
			"http://accounts.cn1.gigya-api.cn:80/a.b/": "served POST accounts.cn1.gigya-api.cn:80/a.b/ TLS false HTTP/1 hello",
		} {
			for range 2 {
				response, err := client.Post(target, "text/plain", strings.NewReader("hello"))
				if err != nil {
					t.Errorf("%s %s: %v", name, target, err)
					continue
				}
				body, _ := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if string(body) != want {
					t.Errorf("%s %s: %q", name, target, body)
				}
			}
		}
		if _, err := client.Get("https://example.com/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("%s: another host: %v", name, err)
		}
	}
}

func TestWhatIsInsideOfATunnel(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{})
	secure := func(t *testing.T) net.Conn {
		return tls.Client(f.tunnel(t, "accounts.us1.gigya.com:443"), &tls.Config{RootCAs: f.pool, ServerName: "accounts.us1.gigya.com"})
	}
	plain := func(t *testing.T) net.Conn { return f.tunnel(t, "accounts.us1.gigya.com:80") }
	for name, test := range map[string]struct{ request, want string }{
		"a request":              {"GET /a.b HTTP/1.1\r\nHost: accounts.us1.gigya.com\r\nConnection: close\r\n\r\n", "served GET accounts.us1.gigya.com/a.b"},
		"a further tunnel":       {"CONNECT accounts.us1.gigya.com:443 HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 403"},
		"a tunnel to another":    {"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 403"},
		"absolute form":          {"GET http://ds.gigya.com/a.b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "served GET ds.gigya.com/a.b"},
		"absolute form, another": {"GET http://127.0.0.1/a.b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 403"},
		"a chunked body":         {"POST /a.b HTTP/1.1\r\nHost: gigya.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "Connection: close"},
		"a header without end":   {"GET /a.b HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		"no HTTP":                {"\x16\x03\x01 hello\r\n\r\n", "HTTP/1.1 400"},
	} {
		for kind, open := range map[string]func(*testing.T) net.Conn{"TLS": secure, "plain": plain} {
			connection := open(t)
			_, _ = io.WriteString(connection, test.request)
			answer, err := io.ReadAll(connection)
			if timedOut, ok := err.(net.Error); ok && timedOut.Timeout() {
				t.Errorf("%s, %s: the connection is kept", name, kind)
			}
			if !strings.Contains(string(answer), test.want) || strings.Contains(string(answer), "smuggled") {
				t.Errorf("%s, %s: want %q:\n%.400s", name, kind, test.want, answer)
			}
		}
	}
}

func TestBytesThatComeWithCONNECTAreTheTunnels(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{})
	answer := f.say(t, "CONNECT gigya.com:80 HTTP/1.1\r\nHost: x\r\n\r\nGET /early HTTP/1.1\r\nHost: gigya.com\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n") || !strings.Contains(answer, "served GET gigya.com/early TLS false") {
		t.Errorf("plain:\n%s", answer)
	}
	// The client's first flight of TLS, held back and sent together with the request.
	connection := &hurried{Conn: f.dial(t), first: "CONNECT gigya.com:443 HTTP/1.0\r\n\r\n"}
	secure := tls.Client(connection, &tls.Config{RootCAs: f.pool, ServerName: "gigya.com"})
	fmt.Fprint(secure, "GET /early HTTP/1.1\r\nHost: gigya.com\r\nConnection: close\r\n\r\n")
	body, err := io.ReadAll(secure)
	if err != nil || !strings.Contains(string(body), "served GET gigya.com/early TLS true") {
		t.Errorf("TLS: %v\n%s", err, body)
	}
}

// hurried sends the first text in one piece with what is written first, and takes the answer to it away.
type hurried struct {
	net.Conn
	first    string
	answered bool
}

func (h *hurried) Write(p []byte) (int, error) {
	_, err := h.Conn.Write(append([]byte(h.first), p...))
	h.first = ""
	return len(p), err
}

func (h *hurried) Read(p []byte) (int, error) {
	if !h.answered {
		h.answered = true
		skipped := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
		if _, err := io.ReadFull(h.Conn, skipped); err != nil {
			return 0, err
		}
	}
	return h.Conn.Read(p)
}

func TestSignaturesOverTheOriginalHostVerifyThroughTheProxy(t *testing.T) {
	d := doorwardtest.New(t)
	f := forwardTo(t, d.Handler(), server.Bounds{})
	client := f.client(t, nil)
	for _, address := range []string{
		"https://accounts.us1.gigya.com/accounts.search", "http://accounts.us1.gigya.com/accounts.search", "https://accounts.cn1.gigya-api.cn/accounts.search",
	} {
		for _, signed := range []string{address, "https://accounts.us1.example.com/accounts.search"} {
			if body := post(t, client, address, sign(t, d, signed)); strings.Contains(body, `"errorCode": 0`) != (signed == address) {
				t.Errorf("%s signed as %s:\n%s", address, signed, body)
			}
		}
	}
	// Versions of axios send a request for an https address to the proxy in absolute form.
	const address = "https://admin.us1.gigya.com/accounts.search"
	form := sign(t, d, address).Encode()
	answer := f.say(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: admin.us1.gigya.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", address, len(form), form))
	if !strings.Contains(answer, `"errorCode": 0`) {
		t.Errorf("absolute form:\n%s", answer)
	}
}

// sign is a search as the partner, signed for the address.
func sign(t *testing.T, d *doorwardtest.Server, address string) url.Values {
	t.Helper()
	form := url.Values{
		"apiKey": {d.APIKey}, "query": {"SELECT * FROM accounts"}, "timestamp": {fmt.Sprint(time.Now().Unix())}, "nonce": {fmt.Sprint(time.Now().UnixNano())},
	}
	var params []gigya.Param
	for name, values := range form {
		params = append(params, gigya.Param{Name: name, Value: values[0]})
	}
	key, err := gigya.DecodeSecret(d.Secret)
	if err != nil {
		t.Fatal(err)
	}
	form.Set("sig", gigya.Signature(key, gigya.BaseString(http.MethodPost, address, params)))
	return form
}

func post(t *testing.T, client *http.Client, address string, form url.Values) string {
	t.Helper()
	response, err := client.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTunnelsCountAgainstTheBounds(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{PerAddress: 2})
	first := f.tunnel(t, "gigya.com:80")
	f.tunnel(t, "gigya.com:443")
	third := f.dial(t)
	if n, err := third.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a third connection is kept open beside two tunnels")
	}
	_ = first.Close()
	waitFor(t, func() bool {
		_, outcome := ask(t, f.address)
		return strings.HasPrefix(outcome, "served")
	})
}

func TestShutdownFinishesTheCallInATunnelAndEndsIdleOnes(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	f := forwardTo(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(w, "finished")
	}), server.Bounds{})
	client := f.client(t, nil)
	answer := make(chan string, 1)
	go func() {
		response, err := client.Get("https://accounts.us1.gigya.com/slow.call")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- f.stop() }()
	waitFor(t, func() bool {
		connection, err := net.DialTimeout("tcp", f.address, time.Second)
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	select {
	case err := <-ended:
		t.Fatalf("ended with a call under way: %v", err)
	default:
	}
	close(leave)
	if got := <-answer; got != "finished" {
		t.Errorf("the call was answered %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// While the outer door still finishes calls, whoever was just given a tunnel may make the call that it was given for; a tunnel
// that nothing happens in ends meanwhile.
func TestATunnelThatWasJustGrantedIsServedDuringTheShutdown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	f := forwardTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow.call" {
			close(entered)
			<-leave
		}
		witness(w, r)
	}), server.Bounds{})
	idle := f.tunnel(t, "gigya.com:80")
	fmt.Fprint(idle, "GET /a.b HTTP/1.1\r\nHost: gigya.com\r\n\r\n")
	reader := bufio.NewReader(idle)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.Close {
		t.Fatalf("the tunnel ends after a request: %v", err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	late := f.tunnel(t, "gigya.com:80")
	slow := make(chan string, 1)
	go func() { slow <- fetch("http://" + f.address + "/slow.call") }()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- f.stop() }()
	if _, err := reader.ReadByte(); err != io.EOF {
		t.Errorf("the idle tunnel: %v", err)
	}
	fmt.Fprint(late, "GET /late.call HTTP/1.1\r\nHost: gigya.com\r\n\r\n")
	answer, err := io.ReadAll(late)
	if !strings.Contains(string(answer), "served GET gigya.com/late.call") || !strings.Contains(string(answer), "Connection: close") {
		t.Errorf("the late tunnel: %v\n%s", err, answer)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended with a call under way: %v", err)
	default:
	}
	close(leave)
	if got := <-slow; !strings.HasPrefix(got, "served") {
		t.Errorf("the slow call was answered %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestIdleTunnelsDoNotKeepTheShutdownWaiting(t *testing.T) {
	f := forwardTo(t, witness, server.Bounds{})
	client := f.client(t, nil)
	response, err := client.Get("https://gigya.com/a.b")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	begun := time.Now()
	if err := f.stop(); err != nil || time.Since(begun) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}

func TestWithoutTheProxyCONNECTIsRefusedOnEveryListener(t *testing.T) {
	d := doorwardtest.New(t)
	for _, secure := range []bool{false, true} {
		answer := speak(t, d, secure, "CONNECT accounts.us1.gigya.com:443 HTTP/1.1\r\nHost: x\r\n\r\nGET /accounts.getSmuggled HTTP/1.1\r\nHost: x\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 405") || strings.Count(answer, "HTTP/1.") != 1 || !strings.Contains(answer, "\r\nConnection: close\r\n") {
			t.Errorf("TLS %v:\n%s", secure, answer)
		}
	}
}

// attackForward uses the proxy to reach what only its machine reaches, or the world through it. Nobody may see a connection or
// be asked for an address.
func attackForward(t *testing.T) {
	victim, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	var visits, questions atomic.Int32
	go func() {
		for {
			connection, err := victim.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			_ = connection.Close()
		}
	}()
	resolver := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		questions.Add(1)
		return nil, errors.New("no names here")
	}}
	defer func() { net.DefaultResolver = resolver }()
	f := forwardTo(t, witness, server.Bounds{})
	_, port, _ := net.SplitHostPort(victim.Addr().String())
	for _, host := range []string{
		victim.Addr().String(), "localhost:" + port, "[::1]:" + port, "[::ffff:127.0.0.1]:" + port, "0:" + port, "0.0.0.0:" + port, "2130706433:" + port, "0x7f000001:" + port,
		"0177.0.0.1:" + port, "127.1:" + port, "gigya.com:" + port, "gigya.com@" + victim.Addr().String(), "127.0.0.1.gigya.com:" + port,
		"169.254.169.254", "example.com", "gigya.com.example.com", "localtest.example.com:443", "metadata.google.internal:80",
	} {
		requests := []string{
			"CONNECT " + host + " HTTP/1.1\r\nHost: gigya.com:443\r\n\r\n",
			"GET http://" + host + "/ HTTP/1.1\r\nHost: gigya.com\r\n\r\n",
			"GET https://" + host + "/ HTTP/1.1\r\nHost: gigya.com\r\n\r\n",
			"GET ftp://" + host + "/ HTTP/1.1\r\nHost: gigya.com\r\n\r\n",
		}
		for _, request := range requests {
			if answer := f.say(t, request); !strings.HasPrefix(answer, "HTTP/1.1 403 ") && !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
				t.Errorf("%q:\n%s", request, answer)
			}
		}
	}
	// What is served is served here, without a look at where the name leads in the world.
	client := f.client(t, nil)
	for _, address := range []string{"https://accounts.us1.gigya.com/a.b", "http://127.0.0.1.gigya.com/a.b"} {
		response, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	if visits.Load() != 0 || questions.Load() != 0 {
		t.Errorf("%d connections were made and %d names asked for", visits.Load(), questions.Load())
	}
}

func TestAProxyNeedsPlainHTTP(t *testing.T) {
	authority, err := localca.Open(filepath.Join(t.TempDir(), "data"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.Listen(server.ListenOptions{
		HTTPS: "127.0.0.1:0", Certificate: authority.Certificate, ProxyCertificate: authority.CertificateFor, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		t.Error(errors.New("no error"))
	}
}
