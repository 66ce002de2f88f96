package exchanges_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// The site, the partner and the user key of all files: those of the published vectors.
const (
	apiKey        = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	partnerSecret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
	userKey       = "AKtest0User1Key2"
	userSecret    = "c2Vjb25kLXVzZXIta2V5LXNlY3JldC0yMDI2"
)

// start is where the clock stands when a file begins.
var start = time.Date(2026, 3, 2, 10, 15, 30, 123_000_000, time.UTC)

// house is a server on which one file is played.
type house struct {
	*doorwardtest.Server
	t      *testing.T
	clock  *clock.Fake
	values values
	callID map[string]bool
	// at says where in the file the test is.
	at string
}

// build starts a server as the directives of a server section say.
func build(t *testing.T, configuration string, more ...doorwardtest.Option) *house {
	t.Helper()
	list, err := directives(configuration)
	if err != nil {
		t.Fatal(err)
	}
	option, fake := doorwardtest.WithTime(start)
	options := append([]doorwardtest.Option{option}, more...)
	var later [][]string
	for _, words := range list {
		switch words[0] {
		case "plain-http":
			options = append(options, doorwardtest.WithoutInsecure())
		case "data-center":
			options = append(options, doorwardtest.WithDataCenterElsewhere(words[1], words[2]))
		case "client-calls":
			options = append(options, doorwardtest.WithServer(func(o *server.Options) {
				o.Rates.Client = gateway.Rate{Limit: 1, Burst: 1}
			}))
		default:
			later = append(later, words)
		}
	}
	h := &house{
		Server: doorwardtest.New(t, options...), t: t, clock: fake, callID: map[string]bool{},
		values: values{"apiKey": apiKey, "partnerSecret": partnerSecret, "userKey": userKey, "userSecret": userSecret},
	}
	h.furnish()
	for _, words := range later {
		h.add(words)
	}
	return h
}

// furnish puts the partner, the site and the user key of the vectors into the store.
func (h *house) furnish() {
	h.t.Helper()
	partner, _, err := h.Factory().NewPartner("Vectors")
	h.check(err)
	partner.Secret = h.Sealer().Seal([]byte(partnerSecret), fmt.Sprintf("partner:%d", partner.ID))
	h.Partner = partner.ID
	text, err := os.ReadFile("testdata/userkey.pem")
	h.check(err)
	block, _ := pem.Decode(text)
	key := h.key(userKey, userSecret, site.AllAPIs)
	key.PublicKey = block.Bytes
	h.Change(func(tx store.Tx) error { return tx.PutPartner(partner) })
	h.Change(func(tx store.Tx) error { return tx.PutKey(key) })
	h.site(apiKey)
}

func (h *house) key(name, secret string, privileges ...string) *store.Key {
	return &store.Key{
		UserKey: name, Partner: h.Partner, Kind: store.KindUser, Name: name, Privileges: privileges,
		Secret: h.Sealer().Seal([]byte(secret), "key:"+name), Created: clock.FromTime(start),
	}
}

func (h *house) site(key string, more ...string) {
	h.t.Helper()
	record, err := h.Factory().NewSite(site.SiteOptions{Partner: h.Partner, BaseDomain: "shop.example.com", DataCenter: "us1", APIKey: key})
	h.check(err)
	for _, word := range more {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "dataCenter":
			record.DataCenter = value
		case "status":
			record.Status = value
		default:
			h.t.Fatalf("a site has no %s", name)
		}
	}
	h.Change(func(tx store.Tx) error { return tx.PutSite(record) })
}

// add makes a further site or key.
func (h *house) add(words []string) {
	h.t.Helper()
	switch {
	case words[0] == "site" && len(words) > 1:
		h.site(words[1], words[2:]...)
	case words[0] == "key" && len(words) > 3:
		key := h.key(words[1], words[2], words[3:]...)
		h.Change(func(tx store.Tx) error { return tx.PutKey(key) })
	default:
		h.t.Fatalf("server: %q is unknown", words)
	}
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%s: %v", h.at, err)
	}
}

// signingKeys returns the ids of the keys that sign id_tokens.
func (h *house) signingKeys() map[string][]byte {
	h.t.Helper()
	list, err := h.Store().SigningKeys(context.Background())
	h.check(err)
	keys := map[string][]byte{}
	for _, key := range list {
		keys[key.ID] = key.Public
	}
	return keys
}
