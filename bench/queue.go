package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// queue measures reads while password hashes wait: beside one login at a time, which keeps the core as busy as any number
// does, and beside 64. What waits must cost reads nothing. Of such reads the time counts, not the processor's: the ratio is
// that of the rates, and the slowest reads are shown.
func (r *run) queue() (figures, error) {
	got, err := alternate(max(r.seconds, 5*time.Second), r.beside(64), r.beside(1))
	if err != nil {
		return figures{}, err
	}
	many, one := got[0], got[1]
	text := func(r result) string { return fmt.Sprintf("%.0f/s p99 %s", r.rate(), r.p99.Round(time.Millisecond)) }
	return figures{text(many), text(one), fmt.Sprintf("%.2f", many.rate()/one.rate())}, nil
}

// beside measures reads while so many callers log in, each again and again.
func (r *run) beside(logins int) func(d time.Duration) (result, error) {
	return func(d time.Duration) (result, error) {
		stop := make(chan struct{})
		failed := make([]error, logins)
		var callers sync.WaitGroup
		for c := range logins {
			callers.Go(func() { failed[c] = r.logIn(c, stop) })
		}
		time.Sleep(200 * time.Millisecond) // Until the queue is there.
		got, err := r.bySecret()(d)
		close(stop)
		callers.Wait()
		return got, errors.Join(append(failed, err)...)
	}
}

// logIn logs in until it is stopped.
func (r *run) logIn(c int, stop <-chan struct{}) error {
	conn, err := newConn(r.server.address)
	if err != nil {
		return err
	}
	defer conn.close()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if _, err := conn.call(post("accounts.login", r.form("&loginID="+email((c*7919+n*104729)%r.accounts)+"&password="+secretWord))); err != nil {
			return err
		}
	}
}
