package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// Numbers of different values: a thousandth of the accounts has one of the cities.
const (
	cities = 1000
	years  = 70
	tags   = 50
)

func email(n int) string { return fmt.Sprintf("user%d@example.com", n) }

// uid is as random as those that other systems export, and the same in every run.
func uid(n int) string {
	r := rand.NewPCG(uint64(n), 7)
	return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
}

// write writes the file of the accounts.
func (h *house) write() (name string, err error) {
	name = h.path("rows.ndjson")
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	// What makes an account of eight kilobytes is what sites keep beside the fields that they search.
	history := ""
	if h.kilobytes == 8 {
		history = `,"history":[` + strings.Repeat(`{"order":"A-1047-33","at":"2024-05-06T07:08:09Z","sum":49.90,"items":["shoe","lace"]},`, 80) + `{}]`
	}
	created := time.Date(2020, 5, 31, 8, 0, 0, 0, time.UTC)
	for n := range h.accounts {
		fmt.Fprintf(w, `{"UID":%q,"created":"%[13]s","registered":"%[13]s","lastLogin":"2024-01-02T03:04:05.000Z",`+
			`"isActive":true,"isRegistered":true,"isVerified":true,"loginIDs":{"emails":[%[2]q]},"emails":{"verified":[%[2]q]},`+
			`"password":{"hashedPassword":"SRl9U3XB4V6sE0qgj2kNlpHjNAE=","hashSettings":{"algorithm":"pbkdf2_sha512","rounds":10000,"salt":"c2FsdHNhbHQ="}},`+
			`"profile":{"email":%[2]q,"firstName":"First%d","lastName":"Last%d","birthYear":%d,"country":"DE","city":"City %d","zip":"%05d","bio":"Some words about number %d, as people write them."},`+
			`"data":{"loyalty":{"tier":"gold","points":%[8]d},"tags":["tag%d","common"],"score":%d,"note":%q%s},`+
			`"preferences":{"terms":{"isConsentGranted":true}},"subscriptions":{"news":{"email":{"isSubscribed":true}}}}`+"\n",
			uid(n), email(n), n%5000, n%7000, 1940+n%years, n%cities, n%99999, n, n%tags, n*7919%h.accounts, strings.Repeat("words ", 20), history, created.Add(time.Duration(n)*time.Second).Format("2006-01-02T15:04:05.000Z"))
	}
	return name, w.Flush()
}
