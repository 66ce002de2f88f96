package password_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/password"
)

const (
	serviceURL = "https://hash.example.com/v1?key=k"
	madeHash   = "s3rv1ce:0123456789abcdef"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func asking(transport http.RoundTripper, services ...string) *password.Hasher {
	return password.New(password.Options{Params: cheap, Rand: rand.Reader, Slots: 32, Queue: 100, Services: services, Transport: transport})
}

func customHash(t testing.TB, more func(*password.Settings)) string {
	t.Helper()
	s := password.Settings{Algorithm: "custom", URL: serviceURL}
	if more != nil {
		more(&s)
	}
	encoded, err := password.Foreign(madeHash, s)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestAServiceIsSentThePasswordAndTheSettings(t *testing.T) {
	encoded := customHash(t, func(s *password.Settings) {
		s.Salt, s.Rounds, s.Format = "pepper", 12, "$salt<$password>"
	})
	var sent string
	h := asking(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent = r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + "\n" + string(body)
		return respond(200, `{"hashedPassword":"`+madeHash+`","more":1}`), nil
	}), serviceURL)
	ok, rehash, err := h.Prove(t.Context(), encoded, "sécret\"")
	if !ok || !rehash || err != nil {
		t.Fatalf("ok %v, rehash %v, error %v", ok, rehash, err)
	}
	head, body, _ := strings.Cut(sent, "\n")
	if want := "POST " + serviceURL + " application/json"; head != want {
		t.Errorf("sent %q, want %q", head, want)
	}
	var got any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"password": "sécret\"", "hashSettings": map[string]any{
		"algorithm": "custom", "salt": "pepper", "rounds": 12.0, "format": "$salt<$password>", "URL": serviceURL,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyTheExactHashIsARightPassword(t *testing.T) {
	encoded := customHash(t, nil)
	for name, answer := range map[string]struct {
		status      int
		body        string
		unavailable bool
	}{
		"another hash":         {200, `{"hashedPassword":"s3rv1ce:0123456789abcdeF"}`, false},
		"a beginning":          {200, `{"hashedPassword":"s3rv1ce:0123456789abcde"}`, false},
		"more":                 {200, `{"hashedPassword":"` + madeHash + `0"}`, false},
		"an empty one":         {200, `{"hashedPassword":""}`, true},
		"none":                 {200, `{"hash":"` + madeHash + `"}`, true},
		"a yes":                {200, `{"hashedPassword":true}`, true},
		"no object":            {200, `"` + madeHash + `"`, true},
		"nothing":              {200, ``, true},
		"no JSON":              {200, madeHash, true},
		"two objects":          {200, `{"hashedPassword":"` + madeHash + `"}{}`, true},
		"a huge one":           {200, `{"hashedPassword":"` + madeHash + `"}` + strings.Repeat(" ", 4<<10), true},
		"another status":       {201, `{"hashedPassword":"` + madeHash + `"}`, true},
		"a redirect":           {307, `{"hashedPassword":"` + madeHash + `"}`, true},
		"a fault":              {500, `{"hashedPassword":"` + madeHash + `"}`, true},
		"a refusal":            {403, ``, true},
		"a status of no sense": {0, `{"hashedPassword":"` + madeHash + `"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := asking(roundTrip(func(*http.Request) (*http.Response, error) { return respond(answer.status, answer.body), nil }), serviceURL)
			ok, rehash, err := h.Prove(t.Context(), encoded, "secret")
			if ok || rehash || errors.Is(err, password.ErrUnavailable) != answer.unavailable || err != nil && !answer.unavailable {
				t.Errorf("ok %v, rehash %v, error %v", ok, rehash, err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), madeHash)) {
				t.Errorf("the error tells secrets: %v", err)
			}
		})
	}
}

func TestNobodyIsAskedWhoMayNotBe(t *testing.T) {
	encoded := customHash(t, nil)
	for name, test := range map[string]struct {
		services []string
		password string
		ask      func(h *password.Hasher, text string) (bool, bool, error)
		want     error
	}{
		"no list":           {nil, "x", nil, password.ErrUnavailable},
		"another path":      {[]string{"https://hash.example.com/v2"}, "x", nil, password.ErrUnavailable},
		"a beginning of it": {[]string{"https://hash.example.com/v1"}, "x", nil, password.ErrUnavailable},
		"another case":      {[]string{"https://HASH.example.com/v1?key=k"}, "x", nil, password.ErrUnavailable},
		"no UTF-8":          {[]string{serviceURL}, "x\xff", nil, nil},
		"a long password":   {[]string{serviceURL}, strings.Repeat("x", password.MaxLength+1), nil, password.ErrTooLong},
		"an earlier password": {[]string{serviceURL}, "x", func(h *password.Hasher, text string) (bool, bool, error) {
			return h.Verify(context.Background(), encoded, text)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			asked := false
			h := asking(roundTrip(func(*http.Request) (*http.Response, error) {
				asked = true
				return respond(200, `{"hashedPassword":"`+madeHash+`"}`), nil
			}), test.services...)
			ask := test.ask
			if ask == nil {
				ask = func(h *password.Hasher, text string) (bool, bool, error) { return h.Prove(t.Context(), encoded, text) }
			}
			ok, rehash, err := ask(h, test.password)
			if asked || ok || rehash || !errors.Is(err, test.want) {
				t.Errorf("asked %v, ok %v, rehash %v, error %v", asked, ok, rehash, err)
			}
		})
	}
	t.Run("a server without a transport", func(t *testing.T) {
		if ok, _, err := asking(nil, serviceURL).Prove(t.Context(), encoded, "x"); ok || !errors.Is(err, password.ErrUnavailable) {
			t.Errorf("ok %v, error %v", ok, err)
		}
	})
}

func TestPermit(t *testing.T) {
	h := asking(nil, serviceURL)
	other := customHash(t, func(s *password.Settings) { s.URL = "https://hash.example.org/" })
	for _, text := range []string{customHash(t, nil), "$md5$r=1$$AAAAAAAAAAAAAAAAAAAAAA", ""} {
		if err := h.Permit(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	var refused *password.SettingError
	if err := h.Permit(other); !errors.As(err, &refused) || refused.Setting != "URL" || !strings.Contains(err.Error(), password.ServicesSetting) {
		t.Errorf("error %v", err)
	}
	if err := h.Permit("$custom$u=x$$y"); !errors.Is(err, password.ErrFormat) {
		t.Errorf("error %v", err)
	}
}

func TestASlowServiceHoldsUpNobodyElse(t *testing.T) {
	encoded := customHash(t, nil)
	synctest.Test(t, func(t *testing.T) {
		var open, most atomic.Int32
		h := asking(roundTrip(func(r *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), open.Add(1)))
			defer open.Add(-1)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}), serviceURL)
		ours, err := h.Hash(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		const logins = 16 + 100 + 5
		var answered, unavailable atomic.Int32
		begin := time.Now()
		for range logins {
			go func() {
				if _, _, err := h.Prove(t.Context(), encoded, "x"); errors.Is(err, password.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
					unavailable.Add(1)
				}
				answered.Add(1)
			}()
		}
		synctest.Wait()
		// Those for whom there is no room are told at once.
		if n := answered.Load(); n != 5 {
			t.Errorf("%d were told at once, want 5", n)
		}
		if n := open.Load(); n != 16 {
			t.Errorf("%d questions are open, want 16", n)
		}
		if ok, _, err := h.Verify(t.Context(), ours, "x"); !ok || err != nil {
			t.Errorf("another login: ok %v, error %v", ok, err)
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("it waited %s", waited)
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if answered.Load() != logins || unavailable.Load() != logins || most.Load() > 16 {
			t.Errorf("%d answered, %d of them unavailable, of %d; %d questions at a time", answered.Load(), unavailable.Load(), logins, most.Load())
		}
	})
}

func TestACallThatIsOverIsNoSilentService(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h := asking(roundTrip(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	}), serviceURL)
	if _, _, err := h.Prove(ctx, customHash(t, nil), "x"); !errors.Is(err, context.Canceled) || errors.Is(err, password.ErrUnavailable) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestARedirectTakesNoPasswordElsewhere(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, `{"hashedPassword":"`+madeHash+`"}`)
	}))
	defer other.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/right" {
			_, _ = io.WriteString(w, `{"hashedPassword":"`+madeHash+`"}`)
			return
		}
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer service.Close()
	transport := password.NewTransport()
	defer transport.(*http.Transport).CloseIdleConnections()
	for path, want := range map[string]error{"/right": nil, "/moved": password.ErrUnavailable} {
		url := service.URL + path
		encoded := customHash(t, func(s *password.Settings) { s.URL = url })
		ok, _, err := asking(transport, url).Prove(t.Context(), encoded, "x")
		if ok != (want == nil) || !errors.Is(err, want) {
			t.Errorf("%s: ok %v, error %v", path, ok, err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("the password went elsewhere")
	}
}

func TestCheckService(t *testing.T) {
	for service, ok := range map[string]bool{
		serviceURL: true, "https://10.0.0.1:8443/": true, "http://localhost:8080/hash": true, "http://127.0.0.1/": true, "http://[::1]:80/": true,
		"": false, "hash.example.com": false, "http://hash.example.com/": false, "http://127.0.0.1.example.com/": false,
		"http://10.0.0.1/": false, "ftp://localhost/": false, "https:///path": false, "https:hash.example.com": false,
		"https://user:word@hash.example.com/": false, "https://hash.example.com/#x": false, "https://hash.example.com/a b": false,
		"https://hash.example.com/\n": false, "https://hash.example.com/" + strings.Repeat("x", 400): false, "http://localhost@evil.example.com/": false,
	} {
		if err := password.CheckService(service); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", service, err, ok)
		}
	}
}

func TestHashesOfServicesAreBounded(t *testing.T) {
	type s = password.Settings
	long := strings.Repeat("A", 600)
	for name, test := range map[string]struct {
		hash     string
		settings s
		want     string
	}{
		"no URL":             {madeHash, s{}, "URL: is missing"},
		"plain HTTP":         {madeHash, s{URL: "http://169.254.169.254/"}, "URL: want https"},
		"no hash":            {"", s{URL: serviceURL}, "hashedPassword: want the answer of the service: 16 to 256"},
		"a short hash":       {"0123456789abcde", s{URL: serviceURL}, "hashedPassword: want"},
		"a long hash":        {strings.Repeat("x", 257), s{URL: serviceURL}, "hashedPassword: want"},
		"a hash with blanks": {"0123456789abcde f", s{URL: serviceURL}, "hashedPassword: want"},
		"many rounds":        {madeHash, s{URL: serviceURL, Rounds: 1 << 31}, "rounds: want"},
		"negative rounds":    {madeHash, s{URL: serviceURL, Rounds: -1}, "rounds: want"},
		"a long salt":        {madeHash, s{URL: serviceURL, Salt: long}, "salt: at most"},
		"a long format":      {madeHash, s{URL: serviceURL, Format: long}, "format: at most"},
		"a long binary one":  {madeHash, s{URL: serviceURL, BinaryFormat: long}, "binaryFormat: at most"},
		"two formats":        {madeHash, s{URL: serviceURL, Format: "a", BinaryFormat: "b"}, "binaryFormat: cannot stand"},
	} {
		t.Run(name, func(t *testing.T) {
			test.settings.Algorithm = "Custom"
			encoded, err := password.Foreign(test.hash, test.settings)
			var refused *password.SettingError
			if !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%q, error %v, want %q", encoded, err, test.want)
			}
		})
	}
	t.Run("the longest can be read again", func(t *testing.T) {
		encoded, err := password.Foreign(strings.Repeat("x", 256), s{
			Algorithm: "custom", URL: "https://hash.example.com/" + strings.Repeat("x", 375), Rounds: 1<<31 - 1,
			Salt: strings.Repeat("s", 512), BinaryFormat: strings.Repeat("b", 256),
		})
		if err == nil {
			err = password.Check(encoded)
		}
		if err != nil {
			t.Error(err)
		}
	})
	for _, encoded := range []string{
		"$custom$$$" + madeHash, "$custom$u=$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm", "$custom$u=aHR0cDovL2V4YW1wbGUuY29tLw$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm",
		"$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv,u=aHR0cHM6Ly9oLmV4YW1wbGUv$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm",
		"$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv,r=01$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm", "$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv,x=$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm",
		"$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv$$czNydjFj", "$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv$$", "$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm",
	} {
		if err := password.Check(encoded); !errors.Is(err, password.ErrFormat) {
			t.Errorf("%s: %v", encoded, err)
		}
	}
	if err := password.Check("$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm"); err != nil {
		t.Error(err)
	}
}

// TestNothingOfABrokenAnswerIsTold: the error goes to the log, and a program that is no service may say again what it was sent.
func TestNothingOfABrokenAnswerIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	answers := []string{"s3cret-password\r\n\r\n", "HTTP/1.1 200 OK\r\ns3cret-password\r\n\r\n", "HTTP/1.1 s3cret-password\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: s3cret-password\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ns3cret-password\r\n", ""}
	go func() {
		for _, answer := range answers {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	url := "http://" + listener.Addr().String() + "/"
	encoded := customHash(t, func(s *password.Settings) { s.URL = url })
	for _, answer := range answers {
		transport := password.NewTransport()
		ok, _, err := asking(transport, url).Prove(t.Context(), encoded, "s3cret-password")
		transport.(*http.Transport).CloseIdleConnections()
		if ok || !errors.Is(err, password.ErrUnavailable) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: ok %v, error %v", answer, ok, err)
		}
	}
	listener.Close()
	_, _, err = asking(password.NewTransport(), url).Prove(t.Context(), encoded, "s3cret-password")
	if !errors.Is(err, password.ErrUnavailable) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
}
