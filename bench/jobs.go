package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
)

// job is one measurement.
type job struct {
	name, what, aim string
	measure         func(r *run) (figures, error)
}

// figures are a line of the table.
type figures struct{ ours, limit, ratio string }

var jobs = []job{
	{"get", "getAccountInfo by secret, c=16 / bare net/http handler", ">= 0.4", (*run).get},
	{"signed", "processor time of a signed call over that by secret", "<= 5 µs", (*run).signed},
	{"jwt", "getJWT, c=16 / crypto/rsa signing alone", ">= 0.9", (*run).jwt},
	{"login", "login, c=8 / argon2id alone", ">= 0.95", (*run).login},
	{"set", "setAccountInfo, c=64, durable", ">= 10000/s", (*run).set},
	{"search", "search by login e-mail, c=16 / getAccountInfo", "", (*run).search},
	{"start", "start of the process to its first answer", "<= 40 ms", (*run).startTime},
	{"memory", "resident memory idle, and after 64 connections of reads", "<= 30, 150 MB", (*run).memory},
	{"binary", "size of the stripped binary", "<= 25 MB", (*run).size},
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

func ratio(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func (r *run) form(more string) string {
	return "apiKey=" + r.site.APIKey + "&secret=" + url.QueryEscape(r.site.Secret) + more
}

// anyone spreads calls over the accounts.
func (r *run) anyone(path, param string) func(int, int) []byte {
	return func(c, n int) []byte {
		return post(path, r.form("&"+param+"="+uid((c*7919+n*104729)%r.accounts)))
	}
}

func (r *run) get() (figures, error) {
	ours, err := load(r.server, 16, r.seconds, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID"))
	if err != nil {
		return figures{}, err
	}
	limit, err := r.bare()
	if err != nil {
		return figures{}, err
	}
	return figures{perSecond(ours.rate()), perSecond(limit.rate()), ratio(ours.rate(), limit.rate())}, nil
}

// bare measures a handler that answers the same bytes to the same form.
func (r *run) bare() (result, error) {
	body, err := r.once("accounts.getAccountInfo", "&UID="+uid(1))
	if err != nil {
		return result{}, err
	}
	file := filepath.Join(r.folder, "answer")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return result{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	p, line, err := pinned(self, "part-handler", file)
	if err != nil {
		return result{}, err
	}
	p.address = strings.TrimSpace(line)
	got, err := load(p, 16, r.seconds, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID"))
	if err != nil {
		return result{}, err
	}
	return got, p.stop()
}

func (r *run) once(path, more string) ([]byte, error) {
	var body []byte
	conn, err := newConn(r.server.address)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	body, err = conn.call(post(path, r.form(more)))
	return body, err
}

func (r *run) signed() (figures, error) {
	bySecret, err := load(r.server, 16, r.seconds, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID"))
	if err != nil {
		return figures{}, err
	}
	key, err := gigya.DecodeSecret(r.site.Secret)
	if err != nil {
		return figures{}, err
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	signed, err := load(r.server, 16, r.seconds, `"errorCode": 0`, func(c, n int) []byte {
		params := []gigya.Param{
			{Name: "UID", Value: uid((c*7919 + n*104729) % r.accounts)}, {Name: "apiKey", Value: r.site.APIKey},
			{Name: "nonce", Value: fmt.Sprintf("%s-%d-%d", run, c, n)}, {Name: "timestamp", Value: strconv.FormatInt(time.Now().Unix(), 10)},
		}
		base := gigya.BaseString("POST", "http://accounts.us1.gigya.com/accounts.getAccountInfo", params)
		form := url.Values{"sig": {gigya.Signature(key, base)}}
		for _, p := range params {
			form.Set(p.Name, p.Value)
		}
		return post("accounts.getAccountInfo", form.Encode())
	})
	if err != nil {
		return figures{}, err
	}
	return figures{signed.perCall().String(), bySecret.perCall().String(), (signed.perCall() - bySecret.perCall()).String()}, nil
}

func (r *run) jwt() (figures, error) {
	ours, err := load(r.server, 16, r.seconds, `"id_token"`, r.anyone("accounts.getJWT", "targetUID"))
	if err != nil {
		return figures{}, err
	}
	limit, err := r.rateOf("part-rsa")
	if err != nil {
		return figures{}, err
	}
	return figures{perSecond(ours.rate()), perSecond(limit), ratio(ours.rate(), limit)}, nil
}

func (r *run) login() (figures, error) {
	ours, err := load(r.server, 8, max(r.seconds, 3*time.Second), `"sessionInfo"`, func(c, n int) []byte {
		return post("accounts.login", r.form("&loginID="+email((c*7919+n*104729)%r.accounts)+"&password="+secretWord))
	})
	if err != nil {
		return figures{}, err
	}
	limit, err := r.rateOf("part-hash")
	if err != nil {
		return figures{}, err
	}
	return figures{fmt.Sprintf("%.1f/s", ours.rate()), fmt.Sprintf("%.1f/s", limit), ratio(ours.rate(), limit)}, nil
}

func (r *run) set() (figures, error) {
	ours, err := load(r.server, 64, r.seconds, `"errorCode": 0`, func(c, n int) []byte {
		return post("accounts.setAccountInfo", r.form("&UID="+uid((c*7919+n*104729)%r.accounts)+"&data="+url.QueryEscape(fmt.Sprintf(`{"visits":%d}`, n))))
	})
	if err != nil {
		return figures{}, err
	}
	return figures{perSecond(ours.rate()), "", fmt.Sprintf("p99 %s", ours.p99.Round(100*time.Microsecond))}, nil
}

func (r *run) search() (figures, error) {
	ours, err := load(r.server, 16, r.seconds, `"totalCount": 1`, func(c, n int) []byte {
		q := fmt.Sprintf(`SELECT UID FROM accounts WHERE loginIDs.unverifiedEmails = "%s"`, email((c*7919+n*104729)%r.accounts))
		return post("accounts.search", r.form("&query="+url.QueryEscape(q)))
	})
	if err != nil {
		return figures{}, err
	}
	limit, err := load(r.server, 16, r.seconds, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID"))
	if err != nil {
		return figures{}, err
	}
	return figures{perSecond(ours.rate()), perSecond(limit.rate()), ratio(ours.rate(), limit.rate())}, nil
}

func (r *run) startTime() (figures, error) {
	best := time.Hour
	for range 5 {
		if err := r.server.stop(); err != nil {
			return figures{}, err
		}
		begin := time.Now()
		if err := r.start(); err != nil {
			return figures{}, err
		}
		if _, err := r.once("accounts.getAccountInfo", "&UID="+uid(1)); err != nil {
			return figures{}, err
		}
		best = min(best, time.Since(begin))
	}
	return figures{best.Round(100 * time.Microsecond).String(), "", ""}, nil
}

func (r *run) memory() (figures, error) {
	if err := r.server.stop(); err != nil {
		return figures{}, err
	}
	if err := r.start(); err != nil {
		return figures{}, err
	}
	if _, err := r.once("accounts.getAccountInfo", "&UID="+uid(1)); err != nil {
		return figures{}, err
	}
	idle, err := r.server.resident()
	if err != nil {
		return figures{}, err
	}
	if _, err := load(r.server, 64, r.seconds, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID")); err != nil {
		return figures{}, err
	}
	loaded, err := r.server.resident()
	if err != nil {
		return figures{}, err
	}
	return figures{megabytes(idle), megabytes(loaded), ""}, nil
}

func (r *run) size() (figures, error) {
	info, err := os.Stat(r.binary)
	if err != nil {
		return figures{}, err
	}
	return figures{megabytes(info.Size()), "", ""}, nil
}
