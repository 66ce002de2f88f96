package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

const secretWord = "Correct-horse-7"

func uid(n int) string { return fmt.Sprintf("bench-%08d", n) }

func email(n int) string { return fmt.Sprintf("user%d@example.com", n) }

// seed makes a development installation with the accounts, all with one password.
func (r *run) seed() (err error) {
	ctx := context.Background()
	inst, err := setup.Open(ctx, setup.Options{Folder: r.data(), Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	dev, err := inst.EnsureDev(ctx, "us1")
	if err != nil {
		return err
	}
	s, err := site.NewDirectory(inst.Store, inst.Sealer).Site(ctx, dev.APIKey)
	if err != nil {
		return err
	}
	hash, err := password.New(password.Options{Params: password.DefaultParams(), Rand: inst.Rand}).Hash(ctx, secretWord)
	if err != nil {
		return err
	}
	const batch = 1000
	for from := 0; from < r.accounts; from += batch {
		err := inst.Store.Change(ctx, func(tx store.Tx) error {
			for n := from; n < min(from+batch, r.accounts); n++ {
				if err := put(tx, s, n, hash, clock.FromTime(inst.Clock.Now())); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put stores an account of about a kilobyte.
func put(tx store.Tx, s *site.Site, n int, hash string, now clock.Millis) error {
	profile, err := document.ParseObject(fmt.Appendf(nil,
		`{"firstName":"First%d","lastName":"Last%d","city":"City %d","country":"DE","zip":"%05d","birthYear":%d,"gender":"u","bio":"Some words about number %d, as long as people write them when a form asks."}`,
		n%1000, n%5000, n%200, n%99999, 1940+n%70, n))
	if err != nil {
		return err
	}
	data, err := document.ParseObject(fmt.Appendf(nil, `{"tier":"gold","visits":%d,"prefs":{"newsletter":true,"colour":"blue"}}`, n%300))
	if err != nil {
		return err
	}
	a := account.New(s.Group, uid(n), now)
	out, err := account.Apply(a, &account.Change{Email: email(n), Profile: profile, Data: data, PasswordHash: hash}, account.Rules{
		Site: s, Server: true, Now: now,
		Owner: func(store.Identifier) (string, error) { return "", store.ErrNotFound },
	})
	if err == nil {
		err = out.Err()
	}
	if err != nil {
		return err
	}
	account.Finalize(a, now)
	return out.Store(tx, a)
}
