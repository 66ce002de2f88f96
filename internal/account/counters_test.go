package account_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// countingSite is a site with the registered counters, each a class and a path with a colon between.
func countingSite(registered ...string) *site.Site {
	s := &site.Site{}
	for _, text := range registered {
		s.Settings.Counters = append(s.Settings.Counters, counter(text))
	}
	return s
}

func counter(text string) site.Counter {
	class, path, _ := strings.Cut(text, ":")
	return site.Counter{Class: class, Path: path}
}

func once(text string) account.Increment { return account.Increment{Counter: counter(text), Count: 1} }

func count(t testing.TB, a *store.Account, s *site.Site, now time.Time, increments ...account.Increment) {
	t.Helper()
	if err := account.AddCounts(a, s, increments, clock.FromTime(now)); err != nil {
		t.Fatal(err)
	}
}

// tallies are the tallies as a line: class:path period count value.
func tallies(a *store.Account, now time.Time) string {
	var list []string
	for _, tally := range account.Tallies(a, clock.FromTime(now)) {
		list = append(list, fmt.Sprintf("%s:%s %s %d %s", tally.Counter.Class, tally.Counter.Path, tally.Period, tally.Count, tally.Value))
	}
	return strings.Join(list, "\n")
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestACounterIsCountedInTotalByMonthAndByDay(t *testing.T) {
	a := &store.Account{More: json.RawMessage(`{"tfaStatus":"forceOff"}`)}
	s := countingSite("points:/", "points:/news/sport")
	count(t, a, s, present, account.Increment{Counter: counter("points:/news/sport"), Count: 2, Value: 19_900_000}, once("_shares:/"))
	const stamps = `"lastUpdated":"2026-03-02 10:15:30Z","lastUpdatedTimestamp":"1772446530123"}`
	var want []string
	for _, c := range []string{
		`{"class":"points","path":"/news/sport","period":"%s","count":2,"value":19.9,`,
		`{"class":"points","path":"/","period":"%s","count":2,"value":19.9,`,
		`{"class":"_shares","path":"/","period":"%s","count":1,"value":0.0,`,
	} {
		for _, period := range []string{"total", "2603", "260302"} {
			want = append(want, fmt.Sprintf(c, period)+stamps)
		}
	}
	same(t, string(a.More), `{"tfaStatus":"forceOff","counters":[`+strings.Join(want, ",")+`]}`)
}

func TestTheLastSevenDaysAreAddedUpWhenTheyAreRead(t *testing.T) {
	a, s := &store.Account{}, countingSite()
	for _, daysAgo := range []int{7, 6, 1, 0} {
		count(t, a, s, present.AddDate(0, 0, -daysAgo), account.Increment{Counter: counter("_a:/"), Count: 1 << daysAgo, Value: 100_000})
	}
	same(t, tallies(a, present), `_a:/ total 195 0.4
_a:/ 2602 192 0.2
_a:/ 2603 3 0.2
_a:/ 260223 128 0.1
_a:/ 260224 64 0.1
_a:/ 260301 2 0.1
_a:/ 260302 1 0.1
_a:/ last7Days 67 0.3`)
	if strings.Contains(string(a.More), account.PeriodLast7Days) {
		t.Errorf("the last seven days are stored: %s", a.More)
	}
	if later := tallies(a, present.AddDate(0, 0, 7)); strings.Contains(later, account.PeriodLast7Days) {
		t.Errorf("a week later:\n%s", later)
	}
	// Somebody whose clock is behind does not see the days to come.
	if before := tallies(a, present.AddDate(0, 0, -1)); !strings.Contains(before, "last7Days 194 0.3") {
		t.Errorf("a day before:\n%s", before)
	}
}

func TestOldDaysAndMonthsGo(t *testing.T) {
	a, s := &store.Account{}, countingSite()
	for day := present.AddDate(-3, 0, 0); !day.After(present); day = day.AddDate(0, 0, 1) {
		count(t, a, s, day, once("_a:/"))
	}
	var months, days []string
	for _, tally := range account.Tallies(a, clock.FromTime(present)) {
		switch {
		case account.IsMonth(tally.Period):
			months = append(months, tally.Period)
		case account.IsDay(tally.Period):
			days = append(days, tally.Period)
		}
	}
	if len(months) != account.CounterMonths || months[0] != "2503" || len(days) != account.CounterDays || days[0] != "260131" {
		t.Errorf("%d months %v, %d days %v", len(months), months, len(days), days)
	}
	if got := account.Tallies(a, clock.FromTime(present))[0]; got.Count != 1097 {
		t.Errorf("the total is %d", got.Count)
	}
}

func TestParentsCountWhereTheyAreRegistered(t *testing.T) {
	for name, test := range map[string]struct {
		registered []string
		counted    string
		want       string
	}{
		"all levels":                   {[]string{"a:/", "a:/b", "a:/b/c"}, "a:/b/c", "a:/b/c a:/b a:/"},
		"the path alone":               {[]string{"a:/b/c"}, "a:/b/c", "a:/b/c"},
		"not the other class":          {[]string{"a:/b/c", "b:/"}, "a:/b/c", "a:/b/c"},
		"the root of a system class":   {[]string{"_a:/b/c"}, "_a:/b/c", "_a:/b/c _a:/"},
		"a level without a name":       {[]string{"a:/b/", "a:/b", "a:/"}, "a:/b/", "a:/b/ a:/b a:/"},
		"no longer than the beginning": {[]string{"a:/bc", "a:/b"}, "a:/bc", "a:/bc"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &store.Account{}
			count(t, a, countingSite(test.registered...), present, once(test.counted))
			var list []string
			for _, tally := range account.Tallies(a, clock.FromTime(present)) {
				if tally.Period == account.PeriodTotal {
					list = append(list, tally.Counter.Class+":"+tally.Counter.Path)
				}
			}
			same(t, strings.Join(list, " "), test.want)
		})
	}
}

func TestIncrementsThatAreRefusedChangeNothing(t *testing.T) {
	full := &store.Account{}
	for i := range account.MaxCounters {
		count(t, full, countingSite(), present, once(fmt.Sprintf("_c%d:/", i)))
	}
	great := &store.Account{}
	count(t, great, countingSite(), present, account.Increment{Counter: counter("_a:/"), Count: account.MaxCount, Value: account.MaxAmount})
	large := &store.Account{More: fmt.Appendf(nil, `{"token":"%s"}`, strings.Repeat("x", account.MaxDocument-100))}
	for name, test := range map[string]struct {
		a    *store.Account
		inc  account.Increment
		code gigya.Code
	}{
		"a class that is not registered":  {&store.Account{}, once("a:/"), gigya.CounterNotRegistered},
		"a path that is not registered":   {&store.Account{}, once("_a:/b"), gigya.CounterNotRegistered},
		"a sister path":                   {&store.Account{}, once("a:/y"), gigya.CounterNotRegistered},
		"one counter too many":            {full, once("_more:/"), gigya.InvalidParameterValue},
		"a count that would be too great": {great, once("_a:/"), gigya.InvalidParameterValue},
		"a value that would be too great": {great, account.Increment{Counter: counter("_a:/"), Value: 1}, gigya.InvalidParameterValue},
		"no room in the account":          {large, once("_a:/"), gigya.ObjectTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			before := string(test.a.More)
			err := account.AddCounts(test.a, countingSite("a:/x"), []account.Increment{once("_c0:/"), test.inc}, clock.FromTime(present))
			var fault *gigya.Error
			if !errors.As(err, &fault) || fault.Code != test.code {
				t.Errorf("%v, want %d", err, test.code)
			}
			same(t, string(test.a.More), before)
		})
	}
	count(t, full, countingSite(), present, once("_c7:/"))
	count(t, great, countingSite(), present, account.Increment{Counter: counter("_a:/"), Value: -1})
}

// The fullest account that there can be has room in its record.
func TestTheFullestAccountHasRoom(t *testing.T) {
	a, s := &store.Account{}, countingSite()
	for n := account.CounterMonths*31 - 1; n >= 0; n-- {
		day := present.AddDate(0, 0, -n)
		if n >= account.CounterDays && day.Day() != 2 {
			continue
		}
		var all []account.Increment
		for i := range account.MaxCounters {
			all = append(all, account.Increment{
				Counter: site.Counter{Class: fmt.Sprintf("_%063d", i), Path: "/"}, Count: account.MaxCount >> 6, Value: -account.MaxAmount >> 6,
			})
		}
		count(t, a, s, day, all...)
	}
	if n := len(account.Tallies(a, clock.FromTime(present))); n != account.MaxCounters*(1+account.CounterMonths+account.CounterDays+1) {
		t.Errorf("%d tallies", n)
	}
	// Paths may be as long as classes.
	if most := len(a.More) + account.MaxCounters*(1+account.CounterMonths+account.CounterDays)*64; most > account.MaxDocument-32<<10 {
		t.Errorf("%d bytes, and %d with paths", len(a.More), most)
	}
}

func TestCountersFromElsewhereAreReadAndWhatIsNoneStays(t *testing.T) {
	a := &store.Account{More: json.RawMessage(`{"counters":[{"class":"_a","path":"/","period":"total","count":11,"value":0.5,"lastUpdatedTimestamp":1700000000000},` +
		`{"class":"_a","path":"/","period":"last7Days","count":4,"value":0},{"class":"_b","path":"/","period":"2601","count":2},` +
		`"note",{"class":"_a","path":"/","period":"soon","count":1},{"class":"_a","path":"/","period":"total","count":-1},{"class":"","path":"/","period":"total","count":1}]}`)}
	same(t, tallies(a, present), "_a:/ total 11 0.5\n_b:/ 2601 2 0.0")
	count(t, a, countingSite(), present, once("_a:/"))
	same(t, tallies(a, present), "_a:/ total 12 0.5\n_a:/ 2603 1 0.0\n_a:/ 260302 1 0.0\n_a:/ last7Days 1 0.0\n_b:/ 2601 2 0.0")
	if kept := `"note",{"class":"_a","path":"/","period":"soon","count":1},{"class":"_a","path":"/","period":"total","count":-1},{"class":"","path":"/","period":"total","count":1}]}`; !strings.HasSuffix(string(a.More), kept) {
		t.Errorf("%s does not end with %s", a.More, kept)
	}
	for _, more := range []string{``, `{}`, `{"counters":{}}`, `{"counters":null}`, `{"counters":[[],null,{}]}`} {
		if got := tallies(&store.Account{More: json.RawMessage(more)}, present); got != "" {
			t.Errorf("%s: %s", more, got)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0.0", "-0": "0.0", "19.90": "19.9", "-3": "-3.0", "0.1": "0.1", "1e2": "100.0", "1.5E-3": "0.0015", "0.0000004": "0.0", "0.0000005": "0.000001",
		"-0.0000005": "-0.000001", "1000000000000": "1000000000000.0", "999999999999.999999": "999999999999.999999", "1e12": "1000000000000.0",
		"1000000000000.000001": "-", "1e13": "-", "-1e999999999": "-", "": "-", "x": "-", "1.x": "-", "1.0000000x": "-", "1.0000000000x": "-", "99999999999999999999": "-",
	} {
		got := "-"
		if amount, ok := account.ParseAmount(text); ok {
			got = amount.String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{"0", "-1.5", "19.90", "1e2", "0.0000005", "-999999999999.9999995", "1E-7"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, ok := account.ParseAmount(text)
		if !ok {
			return
		}
		if amount > account.MaxAmount || amount < -account.MaxAmount {
			t.Fatalf("%q: %d", text, amount)
		}
		again, ok := account.ParseAmount(amount.String())
		if !ok || again != amount {
			t.Fatalf("%q: %s comes back as %s", text, amount, again)
		}
		v, err := document.Parse([]byte(text))
		if err != nil || v.Kind() != document.KindNumber {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			return
		}
		off := new(big.Rat).Sub(exact, big.NewRat(int64(amount), 1_000_000))
		if off.Abs(off).Cmp(big.NewRat(1, 1_900_000)) > 0 {
			t.Fatalf("%q became %s", text, amount)
		}
	})
}

func FuzzTalliesOfAnyDocument(f *testing.F) {
	f.Add(`{"counters":[{"class":"_a","path":"/","period":"total","count":11,"value":0.5,"lastUpdatedTimestamp":"1700000000000"}]}`)
	f.Add(`{"counters":[{"class":"_a","path":"/","period":"260302","count":9007199254740991,"value":-1e12},{"class":"_a","path":"/","period":"260301","count":9007199254740991,"value":-1e12}]}`)
	f.Fuzz(func(t *testing.T, more string) {
		o, err := document.ParseObject([]byte(more))
		if err != nil {
			return
		}
		a := &store.Account{More: o.JSON()}
		for _, tally := range account.Tallies(a, clock.FromTime(present)) {
			if tally.Count < 0 || tally.Count > account.MaxCount || tally.Value > account.MaxAmount || tally.Value < -account.MaxAmount {
				t.Fatalf("%+v", tally)
			}
		}
		if err := account.AddCounts(a, countingSite(), []account.Increment{once("_zz:/")}, clock.FromTime(present)); err == nil {
			if _, err := document.ParseObject(a.More); err != nil || !strings.Contains(string(a.More), `"_zz"`) {
				t.Fatalf("%s: %v", a.More, err)
			}
		}
	})
}
