package faults_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/document"
)

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// member is the text or the raw value at the path; empty: it is absent.
func (a *answer) member(path ...string) string {
	raw, ok := document.MemberAt([]byte(a.text), path...)
	if !ok {
		return ""
	}
	if text, ok := document.Text(raw); ok {
		return text
	}
	return string(raw)
}

func (a *answer) number(name string) int {
	var n int
	if err := json.Unmarshal([]byte(a.member(name)), &n); err != nil {
		return -1
	}
	return n
}

var (
	callIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	timeForm   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// checkEnvelope fails the test unless the answer has what every answer of a method has.
func (a *answer) checkEnvelope() {
	a.t.Helper()
	code := a.number("errorCode")
	switch {
	case !json.Valid([]byte(a.text)), code < 0,
		!callIDForm.MatchString(a.member("callId")), !timeForm.MatchString(a.member("time")),
		a.number("apiVersion") != 2, a.number("statusCode") < 200, a.member("statusReason") == "",
		code == 0 && a.number("statusCode") != 200,
		code != 0 && (a.member("errorMessage") == "" || a.number("statusCode") == 200):
		a.t.Errorf("the envelope is not well-formed: HTTP %d\n%s", a.status, a.text)
	}
}

// checkSilent fails the test if an answer that is an error gives anything away.
func (a *answer) checkSilent(secrets ...string) {
	a.t.Helper()
	for _, word := range append(secrets, marker, "goroutine", "panic", ".go:", "sqlite", "store") {
		if strings.Contains(a.text, word) {
			a.t.Errorf("the answer shows %q:\n%s", word, a.text)
		}
	}
	for _, name := range []string{"sessionInfo", "regToken", "id_token", "access_token", "UID", "profile", "cookieValue"} {
		if a.member(name) != "" {
			a.t.Errorf("an error answers %s:\n%s", name, a.text)
		}
	}
}
