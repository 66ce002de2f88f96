package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// plan is a search in SQL. The text of its statements depends on the shape of the search only: every value is in args, or
// within matchers and sorters.
type plan struct {
	now time.Time
	// args are the values of ?1, ?2 …: int64, string or []byte.
	args     []any
	matchers []matcher
	sorters  []sorter

	// holds is the condition in SQL; empty: every account of the group.
	holds string
	keys  []sortKey
	// after is the condition that a position sets; empty: none.
	after string

	access
	// looked is how many values the functions were asked about.
	looked int64
}

// The parameters that every plan has.
const (
	paramGroup = "?1"
	paramNow   = "?2"
)

// sortKey is one element of the order.
type sortKey struct {
	field store.Field
	// expr is NULL where the account has no value, unless total says that each has one.
	expr  string
	total bool
	desc  bool
}

// newPlan compiles the search. The error is a *query.SyntaxError.
func newPlan(s store.Search, now time.Time) (*plan, error) {
	p := &plan{now: now, args: []any{s.Group, int64(clock.FromTime(now))}}
	if s.Where != nil {
		var err error
		if p.holds, err = p.condition(s.Where); err != nil {
			return nil, err
		}
	}
	for _, o := range s.Order {
		key, err := p.sortKey(o)
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, key)
	}
	if s.After != nil {
		p.after = p.position(s.After)
	}
	return p, nil
}

// arg adds a value and returns its parameter.
func (p *plan) arg(v any) string {
	p.args = append(p.args, v)
	return "?" + strconv.Itoa(len(p.args))
}

// condition compiles an expression. What it returns is 0 or 1, never NULL: the language is two-valued.
func (p *plan) condition(e query.Expr) (string, error) {
	switch e := e.(type) {
	case *query.And:
		return p.chain(e.Parts, " AND ", "1")
	case *query.Or:
		return p.chain(e.Parts, " OR ", "0")
	case *query.Not:
		x, err := p.condition(e.X)
		return "NOT " + x, err
	case *query.Comparison:
		field, c, err := store.Resolve(e)
		if err != nil {
			return "", err
		}
		return "(" + p.comparison(field, c) + ")", nil
	}
	return "", fmt.Errorf("unknown expression %T", e)
}

func (p *plan) chain(parts []query.Expr, operator, none string) (string, error) {
	texts := make([]string, len(parts))
	for i, part := range parts {
		var err error
		if texts[i], err = p.condition(part); err != nil {
			return "", err
		}
	}
	return "(" + balanced(texts, operator, none) + ")", nil
}

// balanced joins the texts with brackets in their middle: the engine bounds the depth of an expression at a thousand, and
// to it a long chain is as deep as it is long.
func balanced(texts []string, operator, none string) string {
	const flat = 16
	if len(texts) == 0 {
		return none
	}
	if len(texts) <= flat {
		return strings.Join(texts, operator)
	}
	half := len(texts) / 2
	return "(" + balanced(texts[:half], operator, none) + ")" + operator + "(" + balanced(texts[half:], operator, none) + ")"
}

func (p *plan) comparison(f store.Field, c *query.Comparison) string {
	col := column(f.Part)
	if f.Part.Kind() == store.KindDocument {
		match := p.match(col, func(doc []byte) bool { return f.MatchDocument(c, doc, p.now) })
		if lookup, ok := p.identifiers(f, c); ok {
			return lookup + " AND " + match
		}
		return match
	}
	expr, total := scalar(f.Part)
	if c.Op == query.IsNull {
		if total {
			return "0"
		}
		return expr + " IS NULL"
	}
	if sql, ok := p.native(f.Part, c); ok {
		// A comparison with NULL is NULL, but 0 AND NULL is 0.
		if !total {
			sql = expr + " IS NOT NULL AND " + sql
		}
		return sql
	}
	return p.match(expr, scalarMatcher(f.Part.Kind(), c))
}

func (p *plan) match(arg string, m matcher) string {
	p.matchers = append(p.matchers, m)
	return fmt.Sprintf("%s(%d, %s)", functionMatch, len(p.matchers)-1, arg)
}

// native compiles a comparison that the engine decides as the language does: texts by their bytes, and times and flags by
// integers.
func (p *plan) native(part store.Part, c *query.Comparison) (string, bool) {
	params := make([]string, len(c.Values))
	before := len(p.args)
	for i, v := range c.Values {
		arg, ok := nativeConstant(part.Kind(), v)
		if !ok {
			p.args = p.args[:before]
			return "", false
		}
		params[i] = p.arg(arg)
	}
	expr, _ := scalar(part)
	operators := map[query.Op]string{query.Equal: " = ", query.Less: " < ", query.LessEqual: " <= ", query.Greater: " > ",
		query.GreaterEqual: " >= "}
	if c.Op == query.In {
		return expr + " IN (" + strings.Join(params, ", ") + ")", true
	}
	operator, ok := operators[c.Op]
	if !ok || len(params) != 1 {
		p.args = p.args[:before]
		return "", false
	}
	return expr + operator + params[0], true
}

func nativeConstant(kind store.Kind, v query.Value) (any, bool) {
	switch {
	case kind == store.KindText && v.Kind == query.String:
		return v.Str, true
	case kind == store.KindFlag && v.Kind == query.Bool:
		if v.Bool {
			return int64(1), true
		}
		return int64(0), true
	case kind == store.KindTime && v.Kind == query.Number:
		n, err := strconv.ParseInt(v.Num, 10, 64)
		return n, err == nil
	}
	return nil, false
}

// scalarMatcher is for the comparisons that are not native: words in texts, fractions of milliseconds.
func scalarMatcher(kind store.Kind, c *query.Comparison) matcher {
	return func(doc []byte) bool {
		switch {
		case doc == nil:
			return c.MatchValue(query.Value{})
		case kind == store.KindText:
			return c.MatchValue(query.Value{Kind: query.String, Str: string(doc)})
		case kind == store.KindFlag:
			return c.MatchValue(query.Value{Kind: query.Bool, Bool: string(doc) == "1"})
		}
		return c.MatchValue(query.Value{Kind: query.Number, Num: string(doc)})
	}
}

// identifiers compiles the look-up of login identifiers into the index that makes them unique. Their values are lower
// case; a constant that may have further spellings (beyond ASCII) is left to the document alone.
func (p *plan) identifiers(f store.Field, c *query.Comparison) (string, bool) {
	if !store.IsIdentifier(f, c) {
		return "", false
	}
	params := make([]string, len(c.Values))
	for i, v := range c.Values {
		params[i] = p.arg(v.Str)
	}
	return fmt.Sprintf("uid IN (SELECT uid FROM identifiers WHERE grp = %s AND space = %s AND value IN (%s))",
		paramGroup, p.arg(store.LoginSpace), strings.Join(params, ", ")), true
}

// column returns the column that the part is stored in.
func column(part store.Part) string {
	switch part {
	case store.PartUID:
		return "uid"
	case store.PartLoginProvider:
		return "login_provider"
	case store.PartSocialProviders:
		return "social_providers"
	case store.PartRegSource:
		return "reg_source"
	case store.PartCreated:
		return "created"
	case store.PartRegistered, store.PartIsRegistered:
		return "registered"
	case store.PartVerified, store.PartIsVerified:
		return "verified"
	case store.PartLastLogin:
		return "last_login"
	case store.PartLastUpdated:
		return "last_updated"
	case store.PartOldestDataUpdated:
		return "oldest_data_updated"
	case store.PartLockedUntil, store.PartIsLockedOut:
		return "locked_until"
	case store.PartPasswordCreated:
		return "password_created"
	case store.PartIsActive:
		return "is_active"
	case store.PartEmails:
		return "emails"
	case store.PartLoginIDs:
		return "login_ids"
	case store.PartProfile, store.PartAge:
		return "profile"
	case store.PartData:
		return "data"
	case store.PartPreferences:
		return "preferences"
	case store.PartSubscriptions:
		return "subscriptions"
	case store.PartInternal:
		return "internal"
	case store.PartCustomIdentifiers:
		return "custom_identifiers"
	case store.PartIdentities:
		return "identities"
	case store.PartMore:
		return "more"
	}
	return "NULL"
}

// scalar returns the expression for the value of a part that is no document, and whether it has one for every account:
// it is NULL otherwise.
func scalar(part store.Part) (expr string, total bool) {
	col := column(part)
	switch part {
	case store.PartLoginProvider, store.PartSocialProviders:
		return "nullif(" + col + ", '')", false
	case store.PartRegSource:
		return col, false
	case store.PartRegistered, store.PartVerified, store.PartPasswordCreated:
		return "nullif(" + col + ", 0)", false
	case store.PartLockedUntil:
		return "CASE WHEN locked_until > " + paramNow + " THEN locked_until END", false
	case store.PartIsLockedOut:
		return "(locked_until > " + paramNow + ")", true
	case store.PartIsRegistered, store.PartIsVerified:
		return "(" + col + " <> 0)", true
	case store.PartIRank:
		return "(0 + 0)", true
	}
	return col, true
}
