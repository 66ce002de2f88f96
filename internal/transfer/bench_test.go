package transfer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/transfer"
)

// benchRows are rows of about a kilobyte with hashes that are ready.
func benchRows(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"UID":"%016x%016x","created":"2020-05-31T08:00:00.000Z","registered":"2020-05-31T08:00:00.000Z","lastLogin":"2024-01-02T03:04:05.000Z",`+
			`"isActive":true,"isRegistered":true,"isVerified":true,"loginIDs":{"emails":["user%[3]d@example.com"]},"emails":{"verified":["user%[3]d@example.com"]},`+
			`"password":{"hashedPassword":"SRl9U3XB4V6sE0qgj2kNlpHjNAE=","hashSettings":{"algorithm":"pbkdf2_sha512","rounds":10000,"salt":"c2FsdHNhbHQ="}},`+
			`"profile":{"email":"user%[3]d@example.com","firstName":"First%[3]d","lastName":"Last","birthYear":1980,"country":"DE","city":"Berlin","zip":"01234"},`+
			`"data":{"loyalty":{"tier":"gold","points":%[3]d},"note":"%[4]s","flags":[1,2,3]},"preferences":{"terms":{"isConsentGranted":true}},`+
			`"subscriptions":{"news":{"email":{"isSubscribed":true}}},"regSource":"https://example.com/"}`+"\n", r.Uint64(), r.Uint64(), i, strings.Repeat("x", 200))
	}
	return b.String()
}

// BenchmarkImport imports 20,000 rows into SQLite.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	text := benchRows(rows)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		x := newTarget(b, "")
		b.StartTimer()
		done, err := x.ImportAll(b.Context(), transfer.NewJSON(strings.NewReader(text)), transfer.Run{})
		if err != nil || done.Imported != rows {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkPrepare reads rows and makes accounts of them, all but the writing of them.
func BenchmarkPrepare(b *testing.B) {
	const rows = 1000
	text := benchRows(rows)
	x := newMemory(b)
	// The schema has the fields of the rows.
	if _, err := x.ImportAll(b.Context(), transfer.NewJSON(strings.NewReader(benchRows(1))), transfer.Run{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		file := transfer.NewJSON(strings.NewReader(text))
		for range rows {
			row, err := file.Next()
			if err != nil {
				b.Fatal(err)
			}
			if err := x.Prepare(b.Context(), row); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(rows*b.N), "µs/row")
}

// BenchmarkImportObjects imports 20,000 objects of the data store into SQLite.
func BenchmarkImportObjects(b *testing.B) {
	const rows = 20_000
	var text strings.Builder
	for i := range rows {
		fmt.Fprintf(&text, `{"dataObject":"orders","oid":"%08d","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2022-01-01T00:00:00.000Z",`+
			`"data":{"n":%[1]d,"state":"paid","items":[1,2,3],"to":{"city":"Berlin","zip":"01234"},"note":"%[2]s"}}`+"\n", i, strings.Repeat("x", 200))
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		x := newTarget(b, "")
		b.StartTimer()
		done, err := x.ImportAll(b.Context(), transfer.NewJSON(strings.NewReader(text.String())), transfer.Run{})
		if err != nil || done.Imported != rows {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
