package gateway_test

import (
	"net/http/httptest"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/server"
)

// BenchmarkCall is a whole call without a network: a public method, and one by the partner's secret.
func BenchmarkCall(b *testing.B) {
	d := doorwardtest.New(b, doorwardtest.WithServer(func(o *server.Options) { o.Methods = testMethods() }))
	for name, params := range map[string][]string{
		"public":  {"apiKey", d.APIKey, "text", "hello"},
		"partner": {"apiKey", d.APIKey, "secret", d.Secret, "text", "hello", "sdk", "java_3.2.4", "format", "json", "httpStatusCodes", "false"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Handler().ServeHTTP(httptest.NewRecorder(), post("/test.echo", params...))
			}
		})
	}
}
