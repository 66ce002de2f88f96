package main

import (
	"errors"
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
	{"signed", "a signed getAccountInfo / one by secret", "<= +5 µs", (*run).signed},
	{"jwt", "getJWT, c=16 / crypto/rsa signing alone", ">= 0.9", (*run).jwt},
	{"jwt-libcrypto", "the same, built with the tag libcrypto / openssl speed", ">= 0.8", (*run).jwtLibcrypto},
	{"login", "login, c=8 / argon2id alone", ">= 0.95", (*run).login},
	{"queue", "getAccountInfo beside 64 logins at once / beside one", ">= 0.9", (*run).queue},
	{"set", "setAccountInfo, c=64, durable / synced writes of 4 KB", ">= 10000/s", (*run).set},
	{"search", "search by login e-mail, c=16 / getAccountInfo", "", (*run).search},
	{"start", "start of the process to its first answer", "<= 40 ms", (*run).startTime},
	{"memory", "resident memory idle / after 64 connections of reads", "<= 30, 150 MB", (*run).memory},
	{"binary", "size of the stripped binary", "<= 25 MB", (*run).size},
	{"rights", "getAccountInfo by a key in 20 groups / with all rights", "<= +2 µs", (*run).rights},
	{"crowd", "by one key, 1,000 sites and 5,000 keys beside / before", ">= 0.9", (*run).crowd},
	{"sites", "at 1,000 sites with 5,000 keys in turn / at one", ">= 0.9", (*run).sites},
	{"keys", "by 5,000 keys at 1,000 sites in turn / by one", ">= 0.9", (*run).keys},
}

// side is a rate with the processor time of one call.
func side(r result) string {
	return fmt.Sprintf("%.0f/s %s", r.rate(), r.perCall().Round(time.Microsecond))
}

// versus compares the processor times of a call: at full load the rates of a core of one's own are their inverse, and
// other programs on the core do not touch them.
func versus(ours, limit result) figures {
	return figures{side(ours), side(limit), fmt.Sprintf("%.2f", float64(limit.perCall())/float64(ours.perCall()))}
}

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

// calls measures calls of the server, any account's in turn.
func (r *run) calls(path, param, want string) func(d time.Duration) (result, error) {
	return func(d time.Duration) (result, error) { return load(r.server, 16, d, want, r.anyone(path, param)) }
}

func (r *run) bySecret() func(d time.Duration) (result, error) {
	return r.calls("accounts.getAccountInfo", "UID", `"errorCode": 0`)
}

func (r *run) get() (figures, error) {
	bare, err := r.bare()
	if err != nil {
		return figures{}, err
	}
	got, err := alternate(r.seconds, r.bySecret(), func(d time.Duration) (result, error) {
		return load(bare, 16, d, `"errorCode": 0`, r.anyone("accounts.getAccountInfo", "UID"))
	})
	if err := errors.Join(err, bare.stop()); err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
}

// bare starts a handler that answers the same bytes to the same form.
func (r *run) bare() (*process, error) {
	body, err := r.once("accounts.getAccountInfo", "&UID="+uid(1))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(r.folder, "answer")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, line, err := pinned(self, "part-handler", file)
	if err != nil {
		return nil, err
	}
	p.address = strings.TrimSpace(line)
	return p, nil
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
	key, err := gigya.DecodeSecret(r.site.Secret)
	if err != nil {
		return figures{}, err
	}
	slice := 0
	got, err := alternate(r.seconds, r.bySecret(), func(d time.Duration) (result, error) {
		slice++
		run := strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + strconv.Itoa(slice)
		return load(r.server, 16, d, `"errorCode": 0`, func(c, n int) []byte { return r.signedCall(key, run, c, n) })
	})
	if err != nil {
		return figures{}, err
	}
	bySecret, signed := got[0], got[1]
	return figures{side(signed), side(bySecret), "+" + (signed.perCall() - bySecret.perCall()).Round(time.Microsecond).String()}, nil
}

func (r *run) signedCall(key []byte, run string, c, n int) []byte {
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
}

func (r *run) jwt() (figures, error) {
	got, err := alternate(r.seconds, r.calls("accounts.getJWT", "targetUID", `"id_token"`), r.part("part-rsa"))
	if err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
}

func (r *run) login() (figures, error) {
	got, err := alternate(max(r.seconds, 5*time.Second), func(d time.Duration) (result, error) {
		return load(r.server, 8, d, `"sessionInfo"`, func(c, n int) []byte {
			return post("accounts.login", r.form("&loginID="+email((c*7919+n*104729)%r.accounts)+"&password="+secretWord))
		})
	}, r.part("part-hash"))
	if err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
}

func (r *run) set() (figures, error) {
	got, err := alternate(r.seconds, func(d time.Duration) (result, error) {
		return load(r.server, 64, d, `"errorCode": 0`, func(c, n int) []byte {
			return post("accounts.setAccountInfo", r.form("&UID="+uid((c*7919+n*104729)%r.accounts)+"&data="+url.QueryEscape(fmt.Sprintf(`{"visits":%d}`, n))))
		})
	}, r.part("part-sync", filepath.Join(r.folder, "synced")))
	if err != nil {
		return figures{}, err
	}
	set, disk := got[0], got[1]
	return figures{side(set), side(disk), fmt.Sprintf("%.1f p99 %s", set.rate()/disk.rate(), set.p99.Round(time.Millisecond))}, nil
}

func (r *run) search() (figures, error) {
	got, err := alternate(r.seconds, func(d time.Duration) (result, error) {
		return load(r.server, 16, d, `"totalCount": 1`, func(c, n int) []byte {
			q := fmt.Sprintf(`SELECT UID FROM accounts WHERE loginIDs.unverifiedEmails = "%s"`, email((c*7919+n*104729)%r.accounts))
			return post("accounts.search", r.form("&query="+url.QueryEscape(q)))
		})
	}, r.bySecret())
	if err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
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
