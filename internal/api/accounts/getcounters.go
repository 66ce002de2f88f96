package accounts

import (
	"context"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/pattern"
	"github.com/doorward/doorward/internal/site"
)

// Bounds of what accounts.getCounters is asked: its elements, the bytes of an expression, and the instructions that it has. With
// them the costliest expressions take some hundredths of a second for the fullest account. They are ours.
const (
	maxCounterQueries      = 10
	maxCounterPattern      = 128
	maxCounterInstructions = 400
)

// GetCountersParams are the parameters of accounts.getCounters.
type GetCountersParams struct {
	// UID is the account of a server call.
	UID string `param:"UID"`
	// RegToken is of a pending account.
	RegToken string `param:"regToken,len=8192"`
	// Counters is an array of at most ten {class, path, period}. A class or path is exact or regex('…'); without a path all are
	// meant. The period is total, which is the default, last7Days, YYMM or YYMMDD for every month or day, one month or day
	// (2603, 260302), or regex('^26..$').
	Counters string `param:"counters,required,len=65536"`
}

// GetCountersResult is the answer of accounts.getCounters.
type GetCountersResult struct {
	Counters []CounterResult `json:"counters"`
}

// CounterResult is what was counted with one counter in one period.
type CounterResult struct {
	site.Counter
	Period               string         `json:"period"`
	Count                int64          `json:"count"`
	Value                account.Amount `json:"value"`
	LastUpdated          string         `json:"lastUpdated"`
	LastUpdatedTimestamp int64          `json:"lastUpdatedTimestamp"`
}

// getCounters serves accounts.getCounters: it returns what was counted of a user.
//
// Sessions and regTokens read their own account, servers any one of the user base. What several elements ask for comes once, and
// what was never counted not at all. A class or path that is asked for exactly and is neither registered nor counted is 409011.
// An element without class is 400002, a text that is no array of objects 400004, an unknown period or an expression that
// cannot be read 400006. An account that does not exist is 403005, a bad regToken 400006.
//
// Sources: the REST guide and that of the web SDK.
//
// Differs: a call sees every increment that was answered before it. An expression has at most 128 bytes, and about that many
// characters and repetitions.
func getCounters(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getCounters",
		Aliases: []string{"ids.getCounters"},
		Summary: "Returns what was counted of a user.",
		Callers: caller.Session | caller.RegToken | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetCountersParams]) (*GetCountersResult, error) {
		queries, err := counterQueries(c.Params.Counters)
		if err != nil {
			return nil, err
		}
		a, _, err := d.countedAccount(ctx, c.Invocation, c.Params.UID, c.Params.RegToken)
		if err != nil {
			return nil, err
		}
		return chooseCounters(queries, account.Tallies(a, clock.FromTime(c.Now)), c.Site.Settings.Counters)
	})
}

// counterQuery is an element of what is asked for.
type counterQuery struct {
	class, path, period choice
}

// choice is a condition on a text. Its answers are remembered: the same few texts come again and again.
type choice struct {
	exact string
	// matches is nil for an exact text; any text is chosen if that is empty, too.
	matches func(text string) bool
	known   map[string]bool
}

func (c *choice) chooses(text string) bool {
	if c.matches == nil {
		return c.exact == "" || c.exact == text
	}
	chosen, ok := c.known[text]
	if !ok {
		chosen = c.matches(text)
		c.known[text] = chosen
	}
	return chosen
}

// counterQueries reads an array of {class, path, period}.
func counterQueries(text string) ([]counterQuery, error) {
	elements, err := counterElements(text, maxCounterQueries)
	if err != nil {
		return nil, err
	}
	list := make([]counterQuery, len(elements))
	for i, o := range elements {
		q := &list[i]
		if q.class, err = choiceOf(o, "class"); err != nil {
			return nil, err
		}
		if q.class.matches == nil && q.class.exact == "" {
			return nil, gigya.MissingParameter("counters.class")
		}
		if q.path, err = choiceOf(o, "path"); err != nil {
			return nil, err
		}
		if q.period, err = periodOf(o); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// choiceOf reads a text or expression of an element.
func choiceOf(o *document.Object, name string) (c choice, err error) {
	if c.exact, err = counterText(o, name); err != nil {
		return c, err
	}
	expression, ok := strings.CutPrefix(c.exact, "regex(")
	if !ok {
		return c, nil
	}
	expression, ok = strings.CutSuffix(expression, ")")
	last := len(expression) - 1
	if !ok || last < 1 || expression[0] != expression[last] || expression[0] != '\'' && expression[0] != '"' {
		return c, gigya.InvalidArgumentBecause("counters", name+": want regex('…')")
	}
	if expression = expression[1:last]; len(expression) > maxCounterPattern {
		return c, gigya.InvalidArgumentBecause("counters", name+": the expression is too long")
	}
	compiled, err := pattern.Search(expression)
	if err != nil {
		return c, gigya.InvalidArgumentBecause("counters", name+": "+err.Error())
	}
	if compiled.Instructions() > maxCounterInstructions {
		return c, gigya.InvalidArgumentBecause("counters", name+": the expression is too big")
	}
	c.matches, c.known = compiled.Match, map[string]bool{}
	return c, nil
}

// periodOf reads the period of an element.
func periodOf(o *document.Object) (choice, error) {
	c, err := choiceOf(o, "period")
	if err != nil || c.matches != nil {
		return c, err
	}
	switch c.exact {
	case "":
		c.exact = account.PeriodTotal
	case account.PeriodTotal, account.PeriodLast7Days:
	case "YYMM":
		c.matches, c.known = account.IsMonth, map[string]bool{}
	case "YYMMDD":
		c.matches, c.known = account.IsDay, map[string]bool{}
	default:
		if !account.IsMonth(c.exact) && !account.IsDay(c.exact) {
			return c, gigya.InvalidArgumentBecause("counters", "period: want total, YYMM, YYMMDD, last7Days, a month or a day, or regex('…')")
		}
	}
	return c, nil
}

// chooseCounters returns the tallies that are asked for, or 409011.
func chooseCounters(queries []counterQuery, tallies []account.Tally, registered []site.Counter) (*GetCountersResult, error) {
	known := append([]site.Counter{}, registered...)
	for i := range tallies {
		known = append(known, tallies[i].Counter)
	}
	for i := range queries {
		if err := queries[i].checkKnown(known); err != nil {
			return nil, err
		}
	}
	result := &GetCountersResult{Counters: []CounterResult{}}
	for i := range tallies {
		t := &tallies[i]
		for j := range queries {
			q := &queries[j]
			if q.class.chooses(t.Counter.Class) && q.path.chooses(t.Counter.Path) && q.period.chooses(t.Period) {
				result.Counters = append(result.Counters, CounterResult{
					Counter: t.Counter, Period: t.Period, Count: t.Count, Value: t.Value,
					LastUpdated: t.LastUpdated(), LastUpdatedTimestamp: int64(t.Updated),
				})
				break
			}
		}
	}
	return result, nil
}

// checkKnown is 409011 for an exact class that nobody knows, or an exact path of one.
func (q *counterQuery) checkKnown(known []site.Counter) error {
	if q.class.matches != nil || q.path.matches != nil {
		return nil
	}
	asked := site.Counter{Class: q.class.exact, Path: q.path.exact}
	if asked.System() || asked.Path == "" && (site.Counter{Class: asked.Class, Path: "/"}).System() {
		return nil
	}
	for _, c := range known {
		if c.Class == asked.Class && q.path.chooses(c.Path) {
			return nil
		}
	}
	return account.UnknownCounter(asked)
}
