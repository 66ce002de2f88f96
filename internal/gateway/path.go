package gateway

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// path answers one of Paths. The rates of addresses hold there too: who posts has a credential to prove, and counts as a
// client until then, while what can be got is the same small text for all. Each request leaves a line in the log. Of the
// request nothing is in it but the path, which is one of ours, and the verb.
func (g *Gateway) path(w http.ResponseWriter, r *http.Request, path string, handler http.Handler) {
	started := time.Now() // Durations are real, whatever the injected clock says.
	origin := g.Proxies.Of(r)
	answer := &watchedWriter{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		g.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("path", path), slog.String("verb", cut(r.Method, 16)),
			slog.Int("status", answer.status), slog.String("ip", origin.ClientIP.String()), slog.Duration("duration", time.Since(started)))
	}()
	now, address := g.Clock.Now(), network(origin.ClientIP)
	if !g.address.allow(address, now) || r.Method == http.MethodPost && !g.client.allow(address, now) {
		header := answer.Header()
		header.Set("Retry-After", "1")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Type", "application/json; charset=utf-8")
		answer.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(answer, `{"error":"temporarily_unavailable","error_description":"too many requests"}`+"\n")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.CallTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	body := g.meter(r, origin.ClientIP)
	defer body.done()
	handler.ServeHTTP(answer, r)
}

// watchedWriter remembers the status.
type watchedWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *watchedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] reach what is behind.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
