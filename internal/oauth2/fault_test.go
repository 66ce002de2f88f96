package oauth2_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/store"
)

func TestAPanicIsAnAnswerAndALineInTheLog(t *testing.T) {
	s := newStand(t, func(o *oauth2.Options) { o.Base = func(*http.Request) string { panic("broken inside") } })
	status, header, body := s.send(http.MethodGet, "/.well-known/oauth-authorization-server", nil)
	if status != http.StatusInternalServerError || body != `{"error":"server_error"}` {
		t.Errorf("%d %s", status, body)
	}
	if id := header.Get("X-Callid"); len(id) != 32 || !strings.Contains(s.log.String(), id) || !strings.Contains(s.log.String(), "broken inside") {
		t.Errorf("callId %q in the log\n%s", id, s.log.String())
	}
}

func TestACallThatTakesTooLongMayComeAgain(t *testing.T) {
	s := newStand(t, nil)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	form := credentials(s.key, "grant_type", "client_credentials").Encode()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/oauth2/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if body := strings.TrimSpace(w.Body.String()); w.Code != http.StatusServiceUnavailable || body != `{"error":"temporarily_unavailable"}` || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), body)
	}
}

func TestABodyThatTheServerHasNoRoomForMayComeAgain(t *testing.T) {
	s := newStand(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", iotest.ErrReader(fmt.Errorf("no room: %w", store.ErrBusy)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if body := strings.TrimSpace(w.Body.String()); w.Code != http.StatusServiceUnavailable || body != `{"error":"temporarily_unavailable"}` || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), body)
	}
}
