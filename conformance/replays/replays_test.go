// Package replays_test plays recorded requests of released clients. README.md says how they are written down.
package replays_test

import (
	"bufio"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/conformance/recording"
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
)

func TestClientsGetWhatTheyNeed(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/01_*.txtar")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, first := range folders {
		folder := filepath.Dir(first)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
			if err != nil {
				t.Fatal(err)
			}
			s := newStage(doorwardtest.New(t, doorwardtest.WithoutInsecure()))
			for _, name := range files {
				t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { s.play(t, name) })
			}
		})
	}
}

// values are what place holders stand for, by name.
type values map[string]string

func (v values) fill(text string, encode func(string) string) (string, error) {
	return recording.Fill(v, text, encode)
}

func raw(text string) string { return text }

func percent(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// stage is a server and what is known of it.
type stage struct {
	server *doorwardtest.Server
	values values
	millis int64
}

func newStage(d *doorwardtest.Server) *stage {
	return &stage{server: d, values: values{
		"apiKey": d.APIKey, "secret": d.Secret, "userKey": d.UserKey, "userSecret": d.UserSecret,
	}}
}

func (s *stage) play(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.before {
		if err := s.prepare(c); err != nil {
			t.Fatalf("%s: %v", c.method, err)
		}
	}
	request, host, err := s.compose(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.send(f, request, host)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != f.status {
		t.Errorf("status %d, want %d", got.status, f.status)
	}
	for _, c := range f.conditions {
		if err := s.check(got, c); err != nil {
			t.Errorf("%s: %v in %v", c.path, err, got.doc)
		}
	}
}

// prepare makes a call of a before section.
func (s *stage) prepare(c call) error {
	form, err := s.values.fill(c.form, percent)
	if err != nil {
		return err
	}
	params, err := url.ParseQuery(form)
	if err != nil {
		return err
	}
	params.Set("apiKey", s.server.APIKey)
	params.Set("secret", s.server.Secret)
	response, err := s.server.Client().PostForm(s.server.TLSURL+"/"+c.method, params)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := readAnswer(response, false, time.Now())
	if err != nil {
		return err
	}
	if got.doc["errorCode"] != 0.0 {
		return fmt.Errorf("answer %v", got.doc)
	}
	return nil
}

// compose returns the request, ready to be sent, and its host.
func (s *stage) compose(f *file) (text, host string, err error) {
	now := time.Now()
	s.millis = max(s.millis+1, now.UnixMilli())
	s.values["timestamp"], s.values["millis"] = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(s.millis, 10)
	delete(s.values, "sig")
	delete(s.values, "bearer")
	if f.bearer[0] != "" {
		if s.values["bearer"], err = s.bearer(f.bearer); err != nil {
			return "", "", err
		}
	}
	host = f.request.header("Host")
	if f.signed != "" {
		if s.values["sig"], err = s.sign(f, host); err != nil {
			return "", "", err
		}
	}
	first, err := s.values.fill(f.request.first, percent)
	if err != nil {
		return "", "", err
	}
	body, err := s.values.fill(f.request.body, percent)
	if err != nil {
		return "", "", err
	}
	s.values["length"] = strconv.Itoa(len(body))
	headers, err := s.values.fill(strings.Join(f.request.headers, "\r\n"), raw)
	if err != nil {
		return "", "", err
	}
	if strings.EqualFold(f.request.header("Transfer-Encoding"), "chunked") {
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	return first + "\r\n" + headers + "\r\n\r\n" + body, host, nil
}

// bearer signs the token with the user key's RSA key.
func (s *stage) bearer(parts [2]string) (string, error) {
	header, err := s.values.fill(parts[0], raw)
	if err != nil {
		return "", err
	}
	claims, err := s.values.fill(parts[1], raw)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(s.server.UserPrivateKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	return gigya.SignJWT(key.(*rsa.PrivateKey), []byte(header), []byte(claims))
}

// sign returns the signature over the request by the documented rule.
func (s *stage) sign(f *file, host string) (string, error) {
	secret := map[string]string{
		"partner": s.server.Secret, "key": s.server.UserSecret, "session": s.values["sessionSecret"],
	}[f.signed]
	key, err := gigya.DecodeSecret(secret)
	if err != nil {
		return "", err
	}
	var list []gigya.Param
	target, query, _ := strings.Cut(strings.Split(f.request.first, " ")[1], "?")
	for _, pair := range strings.Split(query+"&"+f.request.body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" || name == "sig" {
			continue
		}
		filled, err := s.values.fill(value, percent)
		if err != nil {
			return "", err
		}
		decoded, err := url.QueryUnescape(filled)
		if err != nil {
			return "", err
		}
		list = append(list, gigya.Param{Name: name, Value: decoded})
	}
	verb, _, _ := strings.Cut(f.request.first, " ")
	return gigya.Signature(key, gigya.BaseString(verb, f.scheme+"://"+host+target, list)), nil
}

// send sends the text as it is over a connection of its own.
func (s *stage) send(f *file, text, host string) (*answer, error) {
	address := strings.TrimPrefix(s.server.URL, "http://")
	var conn net.Conn
	var err error
	if f.scheme == "https" {
		// The client checks the certificate for the name that it was given.
		conn, err = tls.Dial("tcp", strings.TrimPrefix(s.server.TLSURL, "https://"), &tls.Config{RootCAs: s.server.Pool, ServerName: host})
	} else {
		conn, err = net.Dial("tcp", address)
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.SplitN(text, " ", 2)[0]})
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return readAnswer(response, strings.Contains(f.request.header("Accept-Encoding"), "gzip"), time.Now())
}

// publishedKey fetches the key that the server publishes under the kid.
func (s *stage) publishedKey(kid string) (*rsa.PublicKey, error) {
	response, err := s.server.Client().Get(s.server.TLSURL + "/accounts.getJWTPublicKey?V2=true")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var published struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.NewDecoder(response.Body).Decode(&published); err != nil {
		return nil, err
	}
	for _, key := range published.Keys {
		if key.Kid != kid {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(key.N)
		if err != nil {
			return nil, err
		}
		e, err := base64.RawURLEncoding.DecodeString(key.E)
		if err != nil {
			return nil, err
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	return nil, fmt.Errorf("no key %q is published", kid)
}
