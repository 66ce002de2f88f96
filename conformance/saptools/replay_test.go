// Package saptools_test plays what SAP's toolkit and accelerator called when they ran. README.md says how it is written down.
package saptools_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/conformance/recording"
	"github.com/doorward/doorward/doorwardtest"
)

// stage is a server, reached through its proxy, and what is known of it.
type stage struct {
	server *doorwardtest.Server
	values map[string]string
	needs  map[string][]need
	conn   net.Conn
	reader *bufio.Reader
	// last are the last two answers of each method for each site without an error, the newest first.
	last map[string][]map[string]any
}

func newStage(t *testing.T, values map[string]string) *stage {
	s := &stage{
		server: doorwardtest.New(t, doorwardtest.WithoutInsecure(), doorwardtest.WithProxy()),
		values: values, needs: readNeeds(t), last: map[string][]map[string]any{},
	}
	d := s.server
	for name, value := range map[string]string{
		"apiKey": d.APIKey, "userKey": d.UserKey, "userSecret": d.UserSecret, "partner": strconv.FormatInt(d.Partner, 10),
	} {
		s.values[name] = value
	}
	var err error
	if s.conn, err = net.Dial("tcp", strings.TrimPrefix(d.URL, "http://")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	s.reader = bufio.NewReader(s.conn)
	return s
}

func TestToolsGetWhatTheyNeed(t *testing.T) {
	for _, name := range []string{"toolkit-1.11.3", "toolkit-1.6.7", "accelerator-1.0.3"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + name + ".calls")
			if err != nil {
				t.Fatal(err)
			}
			script, err := parseScript(string(text))
			if err != nil {
				t.Fatal(err)
			}
			s := newStage(t, script.values)
			for i, call := range script.steps {
				switch call.compare {
				case "copied":
					s.compareSites(t, name)
				case "unchanged":
					s.compareReads(t)
				default:
					if _, err := s.play(call); err != nil {
						t.Fatalf("call %d, %s: %v", i+1, call.method, err)
					}
				}
			}
			s.everyNeedIsHeld(t)
		})
	}
}

// fill puts the values in; one may have place holders of its own.
func (s *stage) fill(text string) (string, error) {
	filled, err := recording.Fill(s.values, text, func(value string) string { return value })
	if err != nil || filled == text {
		return filled, err
	}
	if whole := recording.Place.FindString(text); whole == text && recording.Place.MatchString(filled) {
		return recording.Fill(s.values, filled, func(value string) string { return value })
	}
	return filled, nil
}

// play makes the call and holds the answer, which it returns, against what a tool needs.
func (s *stage) play(call *step) (map[string]any, error) {
	form := url.Values{"userKey": {s.server.UserKey}, "secret": {s.server.UserSecret}}
	if call.withoutSecret {
		form.Del("secret")
	}
	for _, p := range call.params {
		value, err := s.fill(p.value)
		if err != nil {
			return nil, err
		}
		form.Set(p.name, value)
	}
	status, text, err := s.post(call, form)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	var context *string
	if form.Has("context") {
		sent := form.Get("context")
		context = &sent
	}
	if err := checkEnvelope(status, answer, context); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	if answer["errorCode"] != float64(call.code) {
		return nil, fmt.Errorf("errorCode is not %d in %s", call.code, text)
	}
	if call.code != 0 {
		return answer, nil
	}
	for _, n := range s.needs[call.method] {
		if err := n.check(answer); err != nil {
			return nil, err
		}
	}
	for _, k := range call.kept {
		if s.values[k.name], err = member(text, k.path); err != nil {
			return nil, err
		}
	}
	key := call.method + " " + form.Get("apiKey") + form.Get("consentId") + form.Get("lang") + form.Get("query")
	s.last[key] = slices.Insert(s.last[key], 0, answer)
	s.last[key] = s.last[key][:min(2, len(s.last[key]))]
	return answer, nil
}

// post sends the form as axios does through a proxy of plain HTTP: with the https address, in absolute form.
func (s *stage) post(call *step, form url.Values) (int, []byte, error) {
	namespace, _, _ := strings.Cut(call.method, ".")
	host := namespace + "." + call.dataCenter + ".gigya.com"
	body := form.Encode()
	if err := s.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := fmt.Fprintf(s.conn, "POST https://%s/%s HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\nAccept-Encoding: gzip, compress, deflate, br\r\nhost: %s\r\nConnection: keep-alive\r\n\r\n%s", host, call.method, len(body), host, body); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	plain := io.Reader(response.Body)
	switch encoding := response.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		if plain, err = gzip.NewReader(plain); err != nil {
			return 0, nil, err
		}
	default:
		return 0, nil, fmt.Errorf("Content-Encoding %q", encoding)
	}
	text, err := io.ReadAll(plain)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	return response.StatusCode, text, err
}

// everyNeedIsHeld takes away from real answers what the tools need, and wants that to be found.
func (s *stage) everyNeedIsHeld(t *testing.T) {
	for key, answers := range s.last {
		method, _, _ := strings.Cut(key, " ")
		for _, n := range s.needs[method] {
			broken := broken(answers[0], n.path)
			if broken == nil {
				continue
			}
			if err := n.check(broken); err == nil {
				t.Errorf("%s without a right %s is taken", method, strings.Join(n.path, "/"))
			}
		}
	}
}

// broken is the value with null at the path; nil: there is nothing at it.
func broken(v any, path []string) any {
	if len(path) == 0 {
		return map[string]any(nil)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name != path[0] && path[0] != "*" {
				continue
			}
			if len(path) == 1 {
				return with(v, name, nil)
			}
			if b := broken(member, path[1:]); b != nil {
				return with(v, name, b)
			}
		}
	case []any:
		for i, member := range v {
			if path[0] != "*" {
				return nil
			}
			changed := slices.Clone(v)
			if changed[i] = nil; len(path) == 1 {
				return changed
			}
			if changed[i] = broken(member, path[1:]); changed[i] != nil {
				return changed
			}
		}
	}
	return nil
}

func with(object map[string]any, name string, value any) map[string]any {
	changed := map[string]any{}
	for n, v := range object {
		changed[n] = v
	}
	changed[name] = value
	return changed
}
