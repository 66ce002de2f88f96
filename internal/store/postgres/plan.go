package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// plan is a search in two parts: a condition in SQL, which holds for every account that is looked for and perhaps for more,
// and the whole condition, which decides here if they are more.
type plan struct {
	group string
	now   time.Time
	where query.Expr
	// leaves are the comparisons of where with what they mean.
	leaves map[*query.Comparison]leaf
	// filter is the condition in SQL. exact tells that it holds for no other accounts.
	filter fragment
	exact  bool
	keys   []sortKey

	store.Choice
	// values is how many values are looked at here of an account, looked how many were of all.
	values, looked int64
}

type leaf struct {
	field      store.Field
	comparison *query.Comparison
}

// fragment is a piece of SQL in which ? stands for each value. Every value comes to the server as a parameter: the text
// depends on the shape of a search alone.
type fragment struct {
	sql  string
	args []any
}

// lookup is a value that has to be found out first: the UIDs of the accounts that hold one of the identifiers.
type lookup struct{ values []string }

// newPlan compiles the search. The error is a *query.SyntaxError.
func newPlan(s store.Search, now time.Time) (*plan, error) {
	p := &plan{group: s.Group, now: now, where: s.Where, leaves: map[*query.Comparison]leaf{}, exact: true}
	if s.Where != nil {
		var err error
		if p.filter, p.exact, err = p.condition(s.Where); err != nil {
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
	if !p.exact {
		p.values++
	}
	if !p.native() {
		p.values++
	}
	return p, nil
}

// condition compiles an expression. An empty fragment holds for everything. What is exact is true or false and never NULL:
// the language is two-valued.
func (p *plan) condition(e query.Expr) (f fragment, exact bool, err error) {
	switch e := e.(type) {
	case *query.And:
		return p.and(e.Parts)
	case *query.Or:
		return p.or(e.Parts)
	case *query.Not:
		f, exact, err = p.condition(e.X)
		if !exact {
			// What holds for too many holds for too few when it is turned.
			return fragment{}, false, err
		}
		if f.sql == "" {
			return fragment{sql: "FALSE"}, true, err
		}
		f.sql = "NOT (" + f.sql + ")"
		return f, true, err
	case *query.Comparison:
		field, c, err := store.Resolve(e)
		if err != nil {
			return fragment{}, false, err
		}
		p.leaves[e] = leaf{field, c}
		f, exact = p.comparison(field, c)
		return f, exact, nil
	}
	return fragment{}, false, fmt.Errorf("unknown expression %T", e)
}

func (p *plan) and(parts []query.Expr) (all fragment, exact bool, err error) {
	exact = true
	for _, part := range parts {
		f, partExact, err := p.condition(part)
		if err != nil {
			return fragment{}, false, err
		}
		exact = exact && partExact
		all = all.join(" AND ", f)
	}
	return all, exact, nil
}

func (p *plan) or(parts []query.Expr) (all fragment, exact bool, err error) {
	if len(parts) == 0 {
		return fragment{sql: "FALSE"}, true, nil
	}
	exact = true
	everything := false
	for _, part := range parts {
		f, partExact, err := p.condition(part)
		if err != nil {
			return fragment{}, false, err
		}
		exact = exact && partExact
		everything = everything || f.sql == ""
		all = all.join(" OR ", f)
	}
	if everything {
		return fragment{}, exact, nil
	}
	return all, exact, nil
}

// join puts two conditions together; an empty one adds nothing.
func (f fragment) join(operator string, other fragment) fragment {
	switch {
	case other.sql == "":
		return f
	case f.sql == "":
		return fragment{"(" + other.sql + ")", other.args}
	}
	return fragment{f.sql + operator + "(" + other.sql + ")", append(slices.Clip(f.args), other.args...)}
}

// holds tells whether an account satisfies the whole condition. Only the columns that needs names are read.
func (p *plan) holds(a *store.Account) bool {
	return query.Eval(p.where, func(_ query.Path, c *query.Comparison) bool {
		l := p.leaves[c]
		if l.field.Part.Kind() == store.KindDocument {
			return l.field.MatchDocument(l.comparison, l.field.Document(a), p.now)
		}
		return l.comparison.MatchValue(l.field.SortValue(a, p.now))
	})
}

// needs are the columns that holds looks at.
func (p *plan) needs() []string {
	var all []string
	for _, l := range p.leaves {
		all = append(all, column(l.field.Part))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// comparison compiles what the server decides as the language does, and of the rest what helps it to find the rows.
func (p *plan) comparison(f store.Field, c *query.Comparison) (fragment, bool) {
	kind := f.Part.Kind()
	switch {
	case kind == store.KindDocument:
		return identifiers(p.group, f, c), false
	case kind == store.KindNumber:
		// It is the same for every account.
		return constant(c.MatchValue(f.SortValue(&store.Account{}, p.now))), true
	}
	expr, total := p.scalar(f.Part)
	if c.Op == query.IsNull {
		if total {
			return constant(false), true
		}
		return fragment{expr.sql + " IS NULL", expr.args}, true
	}
	compared, ok := native(expr, kind, c)
	if !ok {
		return fragment{}, false
	}
	if !total {
		// A comparison with NULL is NULL, but FALSE AND NULL is FALSE.
		compared = fragment{expr.sql + " IS NOT NULL AND " + compared.sql, append(slices.Clip(expr.args), compared.args...)}
	}
	return compared, true
}

func constant(holds bool) fragment {
	if holds {
		return fragment{}
	}
	return fragment{sql: "FALSE"}
}

// native compiles a comparison that the server decides as the language does: texts by their bytes, times and flags.
func native(expr fragment, kind store.Kind, c *query.Comparison) (fragment, bool) {
	operator, ok := map[query.Op]string{query.Equal: " = ", query.Less: " < ", query.LessEqual: " <= ", query.Greater: " > ",
		query.GreaterEqual: " >= ", query.In: " = ANY"}[c.Op]
	if !ok || len(c.Values) == 0 || c.Op != query.In && len(c.Values) != 1 {
		return fragment{}, false
	}
	args := make([]any, len(c.Values))
	for i, v := range c.Values {
		if args[i], ok = nativeConstant(kind, v); !ok {
			return fragment{}, false
		}
	}
	if c.Op == query.In {
		return fragment{expr.sql + operator + "(?)", append(slices.Clip(expr.args), sameKind(kind, args))}, true
	}
	return fragment{expr.sql + operator + "?", append(slices.Clip(expr.args), args[0])}, true
}

// sameKind makes one list of constants of a kind: one parameter, however many they are.
func sameKind(kind store.Kind, args []any) any {
	switch kind {
	case store.KindText:
		return listOf[string](args)
	case store.KindFlag:
		return listOf[bool](args)
	}
	return listOf[int64](args)
}

func listOf[T any](args []any) []T {
	all := make([]T, len(args))
	for i, a := range args {
		all[i], _ = a.(T)
	}
	return all
}

func nativeConstant(kind store.Kind, v query.Value) (any, bool) {
	switch {
	case kind == store.KindText && v.Kind == query.String:
		return v.Str, storable(v.Str)
	case kind == store.KindFlag && v.Kind == query.Bool:
		return v.Bool, true
	case kind == store.KindTime && v.Kind == query.Number:
		n, err := strconv.ParseInt(v.Num, 10, 64)
		return n, err == nil
	}
	return nil, false
}

// identifiers compiles the look-up of login identifiers into the table that makes them unique. Their values are lower
// case; a constant that may have further spellings (beyond ASCII) is left to the document alone.
func identifiers(group string, f store.Field, c *query.Comparison) fragment {
	if !store.IsIdentifier(f, c) {
		return fragment{}
	}
	var values []string
	for _, v := range c.Values {
		values = append(values, v.Str)
	}
	return fragment{"uid = ANY(?)", []any{&lookup{values}}}
}

// column returns the column that the part is stored in.
func column(part store.Part) string {
	return map[store.Part]string{
		store.PartUID: "uid", store.PartLoginProvider: "login_provider", store.PartSocialProviders: "social_providers",
		store.PartRegSource: "reg_source", store.PartCreated: "created", store.PartRegistered: "registered",
		store.PartIsRegistered: "registered", store.PartVerified: "verified", store.PartIsVerified: "verified",
		store.PartLastLogin: "last_login", store.PartLastUpdated: "last_updated",
		store.PartOldestDataUpdated: "oldest_data_updated", store.PartLockedUntil: "locked_until",
		store.PartIsLockedOut: "locked_until", store.PartPasswordCreated: "password_created", store.PartIsActive: "is_active",
		store.PartEmails: "emails", store.PartLoginIDs: "login_ids", store.PartProfile: "profile", store.PartAge: "profile",
		store.PartData: "data", store.PartPreferences: "preferences", store.PartInternal: "internal",
		store.PartSubscriptions:     "subscriptions",
		store.PartCustomIdentifiers: "custom_identifiers", store.PartIdentities: "identities", store.PartMore: "more",
		store.PartIRank: "uid",
	}[part]
}

// scalar returns the expression for the value of a part that is no document, and whether it has one for every account:
// it is NULL otherwise.
func (p *plan) scalar(part store.Part) (expr fragment, total bool) {
	col := column(part)
	now := []any{int64(clock.FromTime(p.now))}
	switch part {
	case store.PartLoginProvider, store.PartSocialProviders:
		return fragment{sql: "nullif(" + col + ", '')"}, false
	case store.PartRegSource:
		return fragment{sql: col}, false
	case store.PartRegistered, store.PartVerified, store.PartPasswordCreated:
		return fragment{sql: "nullif(" + col + ", 0)"}, false
	case store.PartLockedUntil:
		return fragment{"CASE WHEN locked_until > ? THEN locked_until END", now}, false
	case store.PartIsLockedOut:
		return fragment{"(locked_until > ?)", now}, true
	case store.PartIsRegistered, store.PartIsVerified:
		return fragment{sql: "(" + col + " <> 0)"}, true
	}
	return fragment{sql: col}, true
}

// statement puts pieces together and numbers their parameters.
func statement(pieces ...fragment) (sql string, args []any) {
	var b strings.Builder
	for _, f := range pieces {
		n := 0
		for part := range strings.SplitSeq(f.sql, "?") {
			if n > 0 {
				b.WriteString("$" + strconv.Itoa(len(args)+n))
			}
			b.WriteString(part)
			n++
		}
		args = append(args, f.args...)
	}
	return b.String(), args
}
