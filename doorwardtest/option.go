package doorwardtest

import (
	"fmt"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
)

// Option changes how the server is started.
type Option func(*options)

type options struct {
	clock    clock.Clock
	database string
	proxy    bool
	server   server.Options
	// fault is what is wrong with an option.
	fault error
}

// A Clock tells the server the time.
type Clock = clock.Clock

// WithClock lets the server live by the clock.
func WithClock(c Clock) Option { return func(o *options) { o.clock = c } }

// WithTime lets the server live by a clock that stands still at now until it is moved.
func WithTime(now time.Time) (Option, *clock.Fake) {
	fake := clock.NewFake(now)
	return WithClock(fake), fake
}

// WithDatabase keeps everything in the PostgreSQL database of the URL, which should be empty, instead of a file.
func WithDatabase(url string) Option { return func(o *options) { o.database = url } }

// WithoutInsecure refuses secrets over plain HTTP, as a server in production does.
func WithoutInsecure() Option { return func(o *options) { o.server.AllowInsecure = false } }

// WithTrustedProxies believes the proxies at these addresses or networks: 127.0.0.1, 10.0.0.0/8.
func WithTrustedProxies(networks ...string) Option {
	return func(o *options) {
		for _, text := range networks {
			network, err := site.ParseNetwork(text)
			if err != nil {
				o.fault = fmt.Errorf("trusted proxy %q: %w", text, err)
			}
			o.server.TrustedProxies = append(o.server.TrustedProxies, network)
		}
	}
}

// WithDataCenterElsewhere sends the sites of a data center to another installation's api domain.
func WithDataCenterElsewhere(label, apiDomain string) Option {
	return func(o *options) {
		if o.server.Routes == nil {
			o.server.Routes = map[string]string{}
		}
		o.server.Routes[label] = apiDomain
	}
}

// WithProxy makes URL a forward proxy too that answers for the SaaS's host names, as dev --proxy does, and serves what such
// clients need: mail templates to a user key without its secret.
func WithProxy() Option {
	return func(o *options) { o.proxy, o.server.OpenTemplates = true, true }
}

// WithServer changes the server's options: for tests inside the module.
func WithServer(change func(*server.Options)) Option { return func(o *options) { change(&o.server) } }
