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
		"postgres://a?pool_min_conns=2&pool_health_check_period=-1s&pool_min_idle_conns=9", "postgres://a?pool_max_conns=2&pool_min_conns=2",
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
		if p := s.pool; p.MaxConns < 1 || p.MaxConns > maxConnections || p.MinConns > p.MaxConns || p.MinIdleConns > p.MaxConns ||
			p.MaxConnLifetime < minLifetime || p.HealthCheckPeriod <= 0 {
			t.Errorf("the pool is out of bounds: %+v", p)
		}
		for _, ours := range []string{"pool_max_conns", "pool_min_conns", "pool_max_conn_lifetime", "pooler", "listen", "locks"} {
			if _, ok := s.pool.ConnConfig.RuntimeParams[ours]; ok {
				t.Errorf("%s would be sent to the server", ours)
			}
		}
	})
}

// FuzzRowChanges reads what changes note: whatever it is, it is refused, or is the same when it is written again.
func FuzzRowChanges(f *testing.F) {
	one := rowChange{3, rowPlace{[]byte("key"), "uid"}, 1}.append(nil)
	f.Add(one)
	f.Add(rowChange{1 << 40, rowPlace{[]byte{}, ""}, -1}.append(one))
	f.Add(one[:len(one)-1])
	f.Add([]byte{6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var read []rowChange
		if eachRowChange(b, func(r rowChange) { read = append(read, r) }) != nil {
			return
		}
		var again []byte
		for _, r := range read {
			if r.by != 1 && r.by != -1 || r.field < 0 {
				t.Fatalf("read %+v", r)
			}
			again = r.append(again)
		}
		i := 0
		err := eachRowChange(again, func(r rowChange) {
			if w := read[i]; w.field != r.field || w.compare(r.rowPlace) != 0 || w.by != r.by {
				t.Errorf("%+v became %+v", w, r)
			}
			i++
		})
		if err != nil || i != len(read) {
			t.Errorf("%d of %d are read again: %v", i, len(read), err)
		}
	})
}
