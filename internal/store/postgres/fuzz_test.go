package postgres

import (
	"strings"
	"testing"
)

// FuzzURL reads connection strings: whatever they are, they are refused without being shown, or what they say is in bounds.
func FuzzURL(f *testing.F) {
	for _, url := range []string{
		"postgres://me:secret@db.example.com:5432/doorward?sslmode=verify-full", "postgres:///x?host=/tmp&port=1,2&pool_max_conns=7",
		"host=a,b port=1 user=x password='se cret' listen=off", "postgres://a?pool_max_conn_lifetime=5m&pooler=transaction&locks=table",
		"postgres://me:s%zz@x", "://", "postgres://[::1", "password=secret sslmode=nope",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := readURL(Options{URL: url})
		if err != nil {
			if len(url) > 40 && strings.Contains(err.Error(), url) {
				t.Errorf("the error shows the URL: %v", err)
			}
			return
		}
		if s.connections < 1 || s.connections > maxConnections || s.lifetime <= 0 {
			t.Errorf("%d connections, of %s", s.connections, s.lifetime)
		}
		for _, ours := range []string{"pool_max_conns", "pool_max_conn_lifetime", "pooler", "listen", "locks"} {
			if _, ok := s.conn.RuntimeParams[ours]; ok {
				t.Errorf("%s would be sent to the server", ours)
			}
		}
	})
}
