package account

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Bounds of the counters of one account. They are ours: counters are kept in the account's record, which every call reads.
const (
	// MaxCounters is how many counters, each a class and a path, an account may have.
	MaxCounters = 32
	// MaxCount bounds a count: the greatest whole number that every reader of JSON keeps.
	MaxCount = 1<<53 - 1
	// CounterDays and CounterMonths are how many days and months are kept, the present one included.
	CounterDays, CounterMonths = 31, 13
)

// Names of periods. Those of a month and of a day are their date in UTC: 2603, 260302.
const (
	PeriodTotal = "total"
	// PeriodLast7Days is today and the six days before it. It is added up when it is read.
	PeriodLast7Days = "last7Days"

	dayForm, monthForm = "060102", "0601"
)

// countersMember is the member of [store.Account.More] that holds the counts, in the form in which a search shows them.
const countersMember = "counters"

// Tally is what was counted with one counter in one period.
type Tally struct {
	Counter site.Counter
	Period  string
	Count   int64
	Value   Amount
	// Updated is when the counter was raised last in the period.
	Updated clock.Millis
}

// Increment is what is added to a counter, to its parents where they are registered, and to all their periods.
type Increment struct {
	Counter site.Counter
	// Count is 0 or more. Value may be negative.
	Count int64
	Value Amount
}

// LastUpdated is the time of the last increment as counters write it: 2026-03-02 10:15:30Z.
func (t *Tally) LastUpdated() string { return t.Updated.Time().Format("2006-01-02 15:04:05Z") }

// tallies are the counts of an account.
type tallies struct {
	list []Tally
	// others are elements that are none of ours: files that were imported may hold them. They are kept.
	others []document.Value
}

func readTallies(a *store.Account) tallies {
	var t tallies
	raw, ok := document.Member(a.More, countersMember)
	if !ok {
		return t
	}
	stored, err := document.Parse(raw)
	if err != nil {
		return t
	}
	for _, element := range stored.Items() {
		switch tally, ok := readTally(element.Object()); {
		case !ok:
			t.others = append(t.others, element)
		case tally.Period != PeriodLast7Days: // Somebody else's sum of a week that is over.
			t.list = append(t.list, tally)
		}
	}
	return t
}

func readTally(o *document.Object) (t Tally, ok bool) {
	text := func(name string) string { v, _ := o.Get(name); return v.Str() }
	t = Tally{Counter: site.Counter{Class: text("class"), Path: text("path")}, Period: text("period")}
	count, _ := o.Get("count")
	if t.Count, ok = count.Int64(); !ok || t.Count < 0 || t.Count > MaxCount || t.Counter.Class == "" || t.Counter.Path == "" {
		return t, false
	}
	if value, there := o.Get("value"); there {
		if t.Value, ok = ParseAmount(value.Num()); !ok {
			return t, false
		}
	}
	stamp, _ := o.Get("lastUpdatedTimestamp")
	at, _ := strconv.ParseInt(cmp.Or(stamp.Str(), stamp.Num()), 10, 64)
	t.Updated = clock.Millis(at)
	return t, periodKind(t.Period) != 0
}

// periodKind is the place of a period's kind among the periods of a counter: total, months, days, last7Days; 0: it is none.
func periodKind(period string) int {
	switch {
	case period == PeriodTotal:
		return 1
	case period == PeriodLast7Days:
		return 4
	case strings.Trim(period, "0123456789") != "":
		return 0
	case len(period) == len(monthForm):
		return 2
	case len(period) == len(dayForm):
		return 3
	}
	return 0
}

// IsMonth tells whether the period is a month.
func IsMonth(period string) bool { return periodKind(period) == 2 }

// IsDay tells whether the period is a day.
func IsDay(period string) bool { return periodKind(period) == 3 }

// Tallies returns what was counted of the account: counters in the order in which they were first raised, of each the total,
// months, days and the last seven days as of now.
func Tallies(a *store.Account, now clock.Millis) []Tally {
	t := readTallies(a)
	today := now.Time()
	since, until := today.AddDate(0, 0, -6).Format(dayForm), today.Format(dayForm)
	week := map[site.Counter]int{}
	for _, tally := range t.list {
		if !IsDay(tally.Period) || tally.Period < since || tally.Period > until {
			continue
		}
		at, ok := week[tally.Counter]
		if !ok {
			at = len(t.list)
			week[tally.Counter] = at
			t.list = append(t.list, Tally{Counter: tally.Counter, Period: PeriodLast7Days})
		}
		sum := &t.list[at]
		sum.Count = min(sum.Count+tally.Count, MaxCount)
		sum.Value, _ = sum.Value.plus(tally.Value)
		sum.Updated = max(sum.Updated, tally.Updated)
	}
	t.sort()
	return t.list
}

// sort brings the periods of each counter together.
func (t *tallies) sort() {
	first := t.counters()
	slices.SortStableFunc(t.list, func(a, b Tally) int {
		return cmp.Or(first[a.Counter]-first[b.Counter], periodKind(a.Period)-periodKind(b.Period), strings.Compare(a.Period, b.Period))
	})
}

// counters returns the counters and the order of their first tallies.
func (t *tallies) counters() map[site.Counter]int {
	first := map[site.Counter]int{}
	for _, tally := range t.list {
		if _, ok := first[tally.Counter]; !ok {
			first[tally.Counter] = len(first)
		}
	}
	return first
}

// AddCounts adds the increments to the counters of the account, all or, with an error, none, and lets go of days and months that
// are not kept any more. Errors are 409011 for a counter that the site does not know, 400006 for one counter too many or a sum
// that is too great, 413003 for an account whose further members have no room for it.
func AddCounts(a *store.Account, s *site.Site, increments []Increment, now clock.Millis) error {
	t := readTallies(a)
	had := len(t.counters())
	today := now.Time()
	periods := []string{PeriodTotal, today.Format(monthForm), today.Format(dayForm)}
	places := map[tallyKey]int{}
	for i, tally := range t.list {
		places[tallyKey{tally.Counter, tally.Period}] = i
	}
	for _, inc := range increments {
		if !s.Counts(inc.Counter) {
			return UnknownCounter(inc.Counter)
		}
		for _, counter := range append([]site.Counter{inc.Counter}, parents(inc.Counter)...) {
			if !s.Counts(counter) {
				continue
			}
			for _, period := range periods {
				key := tallyKey{counter, period}
				at, ok := places[key]
				if !ok {
					at = len(t.list)
					places[key] = at
					t.list = append(t.list, Tally{Counter: counter, Period: period})
				}
				if err := t.list[at].add(inc, now); err != nil {
					return err
				}
			}
		}
	}
	if n := len(t.counters()); n > MaxCounters && n > had {
		return gigya.InvalidArgumentBecause("counters", fmt.Sprintf("an account has at most %d counters", MaxCounters))
	}
	t.prune(today)
	t.sort()
	return t.store(a)
}

// UnknownCounter is 409011.
func UnknownCounter(c site.Counter) error {
	return gigya.NewError(gigya.CounterNotRegistered, fmt.Sprintf("Counter not registered: class %q, path %q", c.Class, c.Path))
}

type tallyKey struct {
	counter site.Counter
	period  string
}

func (t *Tally) add(inc Increment, now clock.Millis) error {
	value, ok := t.Value.plus(inc.Value)
	if !ok || inc.Count > MaxCount-t.Count {
		return gigya.InvalidArgumentBecause("counters", fmt.Sprintf("the sum of class %q, path %q would be too great", t.Counter.Class, t.Counter.Path))
	}
	t.Count, t.Value, t.Updated = t.Count+inc.Count, value, max(t.Updated, now)
	return nil
}

// parents returns the counters of the paths above: /news and / of /news/sport.
func parents(c site.Counter) []site.Counter {
	var list []site.Counter
	for path := c.Path; path != "/"; {
		at := strings.LastIndexByte(path, '/')
		if at < 0 {
			break
		}
		path = cmp.Or(path[:at], "/")
		list = append(list, site.Counter{Class: c.Class, Path: path})
	}
	return list
}

// prune drops the days and months that are not kept any more.
func (t *tallies) prune(today time.Time) {
	day := today.AddDate(0, 0, 1-CounterDays).Format(dayForm)
	month := time.Date(today.Year(), today.Month()+1-CounterMonths, 1, 0, 0, 0, 0, time.UTC).Format(monthForm)
	t.list = slices.DeleteFunc(t.list, func(tally Tally) bool {
		return IsDay(tally.Period) && tally.Period < day || IsMonth(tally.Period) && tally.Period < month
	})
}

// store writes the counts into the account.
func (t *tallies) store(a *store.Account) error {
	elements := make([]document.Value, 0, len(t.list)+len(t.others))
	for i := range t.list {
		tally := &t.list[i]
		o := &document.Object{}
		o.Set("class", document.String(tally.Counter.Class))
		o.Set("path", document.String(tally.Counter.Path))
		o.Set("period", document.String(tally.Period))
		o.Set("count", document.Int(tally.Count))
		o.Set("value", document.Number(tally.Value.String()))
		o.Set("lastUpdated", document.String(tally.LastUpdated()))
		// A text, as in the one answer that was recorded.
		o.Set("lastUpdatedTimestamp", document.String(strconv.FormatInt(int64(tally.Updated), 10)))
		elements = append(elements, document.FromObject(o))
	}
	more := object(a.More)
	more.Set(countersMember, document.ArrayOf(append(elements, t.others...)...))
	return put(&a.More, more)
}

// Amount is the value of a counter in millionths: sums of prices are exact.
type Amount int64

const (
	amountDigits = 6
	amountUnit   = 1_000_000
	// MaxAmount is the greatest amount; -MaxAmount is the least.
	MaxAmount Amount = 1_000_000_000_000 * amountUnit
)

// ParseAmount reads the text of a JSON number. What is less than a millionth is rounded. ok is false for what is no such
// number, or is beyond [MaxAmount].
func ParseAmount(text string) (amount Amount, ok bool) {
	const longest = 64
	if text == "" || len(text) > longest {
		return 0, false
	}
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f > 1e12 || f < -1e12 {
			return 0, false
		}
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	fraction += "0000000"
	n, err := strconv.ParseUint(whole+fraction[:amountDigits], 10, 63)
	if err != nil || strings.Trim(fraction, "0123456789") != "" {
		return 0, false
	}
	if fraction[amountDigits] >= '5' {
		n++
	}
	if n > uint64(MaxAmount) {
		return 0, false
	}
	if amount = Amount(n); negative {
		amount = -amount
	}
	return amount, true
}

func (a Amount) plus(b Amount) (sum Amount, ok bool) {
	sum = a + b // Neither is beyond MaxAmount: it cannot overflow.
	if sum > MaxAmount || sum < -MaxAmount {
		return a, false
	}
	return sum, true
}

// String returns the amount with at least one decimal: 0.0, -19.9.
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	fraction := strings.TrimRight(fmt.Sprintf("%06d", a%amountUnit), "0")
	return fmt.Sprintf("%s%d.%s", sign, a/amountUnit, cmp.Or(fraction, "0"))
}

// MarshalJSON writes the amount as a number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }
