package replays_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
)

// answer is what came back, as JSON.
type answer struct {
	status int
	doc    map[string]any
}

// readAnswer reads the whole answer and checks what every client needs of every answer.
func readAnswer(response *http.Response, mayCompress bool, now time.Time) (*answer, error) {
	if response.ContentLength < 0 {
		return nil, fmt.Errorf("no Content-Length")
	}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil || date.Sub(now).Abs() > time.Minute {
		return nil, fmt.Errorf("Date %q", response.Header.Get("Date"))
	}
	body := io.Reader(response.Body)
	switch encoding := response.Header.Get("Content-Encoding"); {
	case encoding == "gzip" && mayCompress:
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	case encoding != "":
		return nil, fmt.Errorf("Content-Encoding %q was not asked for", encoding)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: response.StatusCode}
	if err := json.Unmarshal(text, &a.doc); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	if err := a.checkEnvelope(); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	return a, nil
}

var (
	callID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	stamp  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

func (a *answer) checkEnvelope() error {
	id, _ := a.doc["callId"].(string)
	at, _ := a.doc["time"].(string)
	code, isNumber := a.doc["errorCode"].(float64)
	reason, _ := a.doc["statusReason"].(string)
	_, hasMessage := a.doc["errorMessage"].(string)
	_, hasDetails := a.doc["errorDetails"].(string)
	failed := code != 0
	switch {
	case !callID.MatchString(id), !stamp.MatchString(at), !isNumber, reason == "":
		return fmt.Errorf("callId, time, errorCode or statusReason")
	case a.doc["apiVersion"] != 2.0:
		return fmt.Errorf("apiVersion")
	case !failed && a.doc["statusCode"] != 200.0:
		return fmt.Errorf("statusCode")
	case hasMessage != failed, hasDetails != failed:
		return fmt.Errorf("errorMessage or errorDetails")
	}
	return nil
}

// find returns the member at the path.
func (a *answer) find(path string) (any, bool) {
	var at any = a.doc
	for _, step := range strings.Split(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			member, ok := v[step]
			if !ok {
				return nil, false
			}
			at = member
		case []any:
			if step == "#" {
				at = float64(len(v))
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			at = v[i]
		default:
			return nil, false
		}
	}
	return at, true
}

// check holds the answer against the condition and keeps what it names.
func (s *stage) check(a *answer, c condition) error {
	got, found := a.find(c.path)
	switch c.operator {
	case "absent":
		if found {
			return fmt.Errorf("is %v", got)
		}
		return nil
	case "present":
		if !found {
			return fmt.Errorf("is not there")
		}
		return nil
	case "=":
		text, err := s.values.fill(c.value, func(value string) string { return value })
		if err != nil {
			return err
		}
		var want any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			return fmt.Errorf("value %s: %w", text, err)
		}
		if !found || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("is %v, want %v", got, want)
		}
		return nil
	case "->":
		text, _ := got.(string)
		if text == "" {
			return fmt.Errorf("is %v, want a text", got)
		}
		s.values[c.value] = text
		return nil
	}
	text, _ := got.(string)
	switch c.path {
	case "UIDSignature":
		return s.checkUID(a, text)
	case "id_token":
		return s.checkIDToken(a, text)
	}
	return fmt.Errorf("nothing is known that it verifies with")
}

func (s *stage) checkUID(a *answer, signature string) error {
	uid, _ := a.doc["UID"].(string)
	timestamp, _ := a.doc["signatureTimestamp"].(string)
	key, err := gigya.DecodeSecret(s.server.Secret)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("signatureTimestamp: %w", err)
	case time.Since(time.Unix(seconds, 0)).Abs() > time.Minute:
		return fmt.Errorf("signatureTimestamp is %s", timestamp)
	case uid == "" || !gigya.VerifyUID(key, timestamp, uid, signature):
		return fmt.Errorf("does not verify")
	}
	return nil
}

// checkIDToken verifies the token as the SDKs do, and puts its claims in its place.
func (s *stage) checkIDToken(a *answer, text string) error {
	token, err := gigya.ParseJWT(text)
	if err != nil {
		return err
	}
	key, err := s.publishedKey(token.KeyID)
	if err != nil {
		return err
	}
	if err := token.Verify(key); err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil {
		return err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	issued, _ := claims["iat"].(float64)
	expires, _ := claims["exp"].(float64)
	now := float64(time.Now().Unix())
	switch {
	case claims["iss"] != "https://fidm.gigya.com/jwt/"+s.server.APIKey+"/", claims["apiKey"] != s.server.APIKey:
		return fmt.Errorf("iss %v, apiKey %v", claims["iss"], claims["apiKey"])
	case issued > now || issued < now-60 || expires <= now:
		return fmt.Errorf("iat %v, exp %v, now %v", issued, expires, now)
	}
	a.doc["id_token"] = claims
	return nil
}

func TestConditionsFail(t *testing.T) {
	a := &answer{doc: map[string]any{"n": 1.0, "list": []any{map[string]any{"x": "y"}}, "empty": "", "UIDSignature": "x", "other": "x"}}
	s := &stage{values: values{"v": `"y"`}}
	for _, line := range []string{"n = 1", "list.# = 1", "list.0.x = ${v}", "list.0 present", "list.1 absent", "n.x absent", "list.0.x -> kept"} {
		w := strings.SplitN(line, " ", 3)
		if err := s.check(a, condition{w[0], w[1], strings.Join(w[2:], "")}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if s.values["kept"] != "y" {
		t.Errorf("kept %q", s.values["kept"])
	}
	for _, line := range []string{"n = 2", "m = 1", "list.# = 2", "n = ${unknown}", "n = x", "m present", "n absent", "empty -> e", "n -> n", "other verifies"} {
		w := strings.SplitN(line, " ", 3)
		if err := s.check(a, condition{w[0], w[1], strings.Join(w[2:], "")}); err == nil {
			t.Errorf("%s holds", line)
		}
	}
}
