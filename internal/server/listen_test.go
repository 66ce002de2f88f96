package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/localca"
	"github.com/doorward/doorward/internal/server"
)

func TestShutdownFinishesWhatWasAccepted(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	var drained atomic.Bool
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Draining: func() { drained.Store(true) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-leave
			_, _ = io.WriteString(w, "finished")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	answer := make(chan string, 1)
	go func() { answer <- fetch("http://" + listeners.HTTPAddr()) }()
	<-entered
	stop()
	waitFor(t, func() bool {
		connection, err := net.DialTimeout("tcp", listeners.HTTPAddr(), time.Second)
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	select {
	case err := <-served:
		t.Fatalf("ended with a call under way: %v", err)
	default:
	}
	close(leave)
	if got := <-answer; got != "finished" {
		t.Errorf("the call was answered %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if !drained.Load() {
		t.Error("nobody was told that the end begins")
	}
}

func TestShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	entered := make(chan struct{})
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), ShutdownTimeout: 50 * time.Millisecond,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	go fetch("http://" + listeners.HTTPAddr())
	<-entered
	stop()
	if err := <-served; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("got %v", err)
	}
}

// TestWhatTheHTTPServerSaysOfItselfIsTold by its weight: a mistake in the code, and descriptors that are used up, at every level of the log; what
// strangers do to their connections to those alone who look for it.
func TestWhatTheHTTPServerSaysOfItselfIsTold(t *testing.T) {
	var log lockedLog
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: "127.0.0.1:0", Log: slog.New(slog.NewJSONHandler(&log, nil)),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/twice" {
				w.WriteHeader(http.StatusOK)
				w.WriteHeader(http.StatusOK) // The server says so.
				return
			}
			panic("out of paper")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	fetch("http://" + listeners.HTTPAddr() + "/twice")
	fetch("http://" + listeners.HTTPAddr())
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	for _, part := range []string{`"level":"ERROR"`, "out of paper", "listen_test.go"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %s: %s", part, log.String())
		}
	}
	if strings.Contains(log.String(), "superfluous") {
		t.Errorf("the log has what is for those who look for it: %s", log.String())
	}
}

// lockedLog is a log that several write to.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestListenRefusesWhatCannotWork(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for name, o := range map[string]server.ListenOptions{
		"nothing":                     {Log: log},
		"HTTPS without a certificate": {HTTPS: "127.0.0.1:0", Log: log},
		"no address":                  {HTTP: "nowhere", Log: log},
	} {
		if _, err := server.Listen(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCertificateFilesAreReadAgainWhenTheyChange(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	install := func() {
		made := t.TempDir()
		if _, err := localca.Open(made, time.Now); err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{localca.CertFile: certFile, localca.KeyFile: keyFile} {
			text, err := os.ReadFile(filepath.Join(made, from))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	install()
	get, err := server.CertificateFiles(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := serial(t, get)
	install()
	waitFor(t, func() bool { return serial(t, get) != first })
	second := serial(t, get)
	if second == first {
		t.Fatal("the new certificate is not served")
	}
	if err := os.WriteFile(keyFile, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if serial(t, get) != second {
		t.Error("a damaged file took the certificate away")
	}
}

func serial(t *testing.T, get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) string {
	t.Helper()
	pair, err := get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.String()
}

func TestCertificateFilesMustExist(t *testing.T) {
	if _, err := server.CertificateFiles("/nowhere/a", "/nowhere/b", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}

func TestOperatorsAreAnsweredOnTheirOwnAddress(t *testing.T) {
	d := doorwardtest.New(t)
	d.Call("accounts.getJWTPublicKey")
	d.Call("no.such.method", "apiKey", d.APIKey)
	for path, want := range map[string]string{
		"/healthz": "ok\n",
		"/readyz":  "ready\n",
		"/metrics": `doorward_calls_total{code="0",method="accounts.getJWTPublicKey"} 1`,
	} {
		if got := fetch(d.OpsURL + path); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", path, got)
		}
	}
	metrics := fetch(d.OpsURL + "/metrics")
	if strings.Contains(metrics, "no.such.method") || !strings.Contains(metrics, `doorward_calls_total{code="403007",method="unknown"} 1`) {
		t.Error("an unknown name is a label")
	}
	if strings.Contains(metrics, d.APIKey) {
		t.Error("the metrics name a site")
	}
}

func TestRequestsAsTheyComeFromTheWire(t *testing.T) {
	d := doorwardtest.New(t)
	host := strings.TrimPrefix(d.URL, "http://")
	form := "apiKey=" + d.APIKey
	tests := map[string]struct {
		request string
		want    []string
	}{
		"an absolute-form target": {
			"GET http://accounts.us1.gigya.com/accounts.getJWTPublicKey HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
			[]string{"HTTP/1.1 200", `"errorCode": 0`}},
		"any host": {
			"GET /accounts.getJWTPublicKey HTTP/1.1\r\nHost: ds.eu1.gigya.com\r\nConnection: close\r\n\r\n",
			[]string{"HTTP/1.1 200", `"errorCode": 0`}},
		"HTTP/1.0": {
			"GET /accounts.getJWTPublicKey HTTP/1.0\r\n\r\n",
			[]string{"200", `"errorCode": 0`}},
		"Date and Content-Length": {
			"GET /accounts.getJWTPublicKey HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			[]string{"\r\nDate: ", " GMT\r\n", "\r\nContent-Length: "}},
		"a chunked body": {
			"POST /accounts.isAvailableLoginID HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n" +
				chunk(form) + chunk("&loginID=a@example.com") + "0\r\n\r\n",
			[]string{"HTTP/1.1 200", `"isAvailable": true`}},
		"Expect: 100-continue": {
			fmt.Sprintf("POST /accounts.isAvailableLoginID HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s&loginID=a",
				len(form)+len("&loginID=a"), form),
			[]string{"100 Continue", `"isAvailable": true`}},
		"an old client's header": {
			"GET /accounts.getJWTPublicKey HTTP/1.1\r\nHost: x\r\nX-Connection: Keep-Alive\r\nConnection: close\r\n\r\n",
			[]string{"HTTP/1.1 200"}},
		"both lengths": {
			"POST /accounts.login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nG",
			[]string{"HTTP/1.1 "}},
		"two different lengths": {
			"POST /accounts.login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
			[]string{"HTTP/1.1 400"}},
		"an unknown transfer encoding": {
			"POST /accounts.login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
			[]string{"HTTP/1.1 501"}},
		"a blank before the colon": {
			"GET /accounts.login HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n",
			[]string{"HTTP/1.1 400"}},
		"no host": {
			"GET /accounts.login HTTP/1.1\r\n\r\n",
			[]string{"HTTP/1.1 400"}},
		"a header without end": {
			"GET /accounts.login HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n",
			[]string{"HTTP/1.1 431"}},
		"OPTIONS *": {
			"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			[]string{"HTTP/1.1 200"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := raw(t, host, test.request)
			for _, part := range test.want {
				if !strings.Contains(got, part) {
					t.Errorf("no %q in %s", part, got)
				}
			}
		})
	}
}

func TestTLSReachesEveryNameOfTheOriginal(t *testing.T) {
	d := doorwardtest.New(t)
	for _, name := range []string{"accounts.us1.gigya.com", "accounts.eu1.gigya.com", "accounts.localhost", "localhost", "socialize.gigya.com"} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			connection, err := tls.Dial("tcp", strings.TrimPrefix(d.TLSURL, "https://"),
				&tls.Config{ServerName: name, RootCAs: d.Pool, MinVersion: version, MaxVersion: version})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_ = connection.Close()
		}
	}
	_, err := tls.Dial("tcp", strings.TrimPrefix(d.TLSURL, "https://"),
		&tls.Config{ServerName: "localhost", RootCAs: d.Pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// raw sends the bytes and returns all that comes back.
func raw(t *testing.T, host, request string) string {
	t.Helper()
	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	go func() { _, _ = io.WriteString(connection, request) }()
	answer, _ := io.ReadAll(bufio.NewReader(connection)) // The server may end the connection with what is unread in it.
	return string(answer)
}

func fetch(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for range 300 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("waited in vain")
}
