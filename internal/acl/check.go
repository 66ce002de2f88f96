package acl

import "slices"

// Arg is a parameter that a call may send.
type Arg struct {
	// Name is in lower case. Values are what was sent for it, under any of its names: a list element by element. None: it was
	// not sent.
	Name   string
	Values []string
	// Pinned: it may be sent only where an entry says which values are allowed.
	Pinned bool
}

// Verdict is what becomes of a call.
type Verdict struct {
	// Allowed: some way of holding the method covers the call. Without it the rest is empty.
	Allowed bool
	// Withheld are the places among the arguments of those that were sent and may not be: they are passed over.
	Withheld []int
	// Forced are the values that stand in for what is withheld, or was not sent.
	Forced []Forced
}

// Forced is the value that a parameter gets whatever was sent.
type Forced struct {
	// Name is in lower case.
	Name, Value string
}

// Limited returns the names, in lower case, of the parameters that a call has to be judged by, each once, in order.
func (g *Grants) Limited() []string {
	names := map[string]bool{}
	for _, way := range g.ways {
		for name := range way.params {
			names[name] = true
		}
	}
	return sortedKeys(names)
}

// Judge decides about a call. The arguments are those of [Grants.Limited], and what is pinned, each once.
//
// A way covers the call if it accepts every value that it does not withhold. Of the ways that cover it, a parameter is
// withheld if all of them withhold it. The call is then allowed if one of them withholds nothing else: parameters that two
// ways let through in different calls do not meet in one. Of the ways that do so, a parameter is forced if none leaves it to
// the caller; of several values the last in the order of bytes is taken (true after partial after false).
func (g *Grants) Judge(args []Arg) Verdict {
	if g.free {
		return Verdict{Allowed: !slices.ContainsFunc(args, func(a Arg) bool { return a.Pinned && len(a.Values) > 0 })}
	}
	var covering []*grant
	for _, way := range g.ways {
		if way.covers(args) {
			covering = append(covering, way)
		}
	}
	if len(covering) == 0 {
		return Verdict{}
	}
	v := Verdict{Allowed: true}
	for i := range args {
		if len(args[i].Values) > 0 && !slices.ContainsFunc(covering, func(w *grant) bool { return !w.drops(args[i].Name) }) {
			v.Withheld = append(v.Withheld, i)
		}
	}
	covering = slices.DeleteFunc(covering, func(w *grant) bool {
		for i := range args {
			if len(args[i].Values) > 0 && w.drops(args[i].Name) && !slices.Contains(v.Withheld, i) {
				return true
			}
		}
		return false
	})
	if len(covering) == 0 {
		return Verdict{}
	}
	for i := range args {
		fill, hasFill, filled := "", false, true
		for _, way := range covering {
			r := way.params[args[i].Name]
			filled = filled && r != nil && (r.drop || r.hasFill)
			if r != nil && r.hasFill {
				fill, hasFill = max(fill, r.fill), true
			}
		}
		if hasFill && filled && (len(args[i].Values) == 0 || slices.Contains(v.Withheld, i)) {
			v.Forced = append(v.Forced, Forced{args[i].Name, fill})
		}
	}
	return v
}

// drops tells whether the way withholds the parameter.
func (w *grant) drops(name string) bool {
	r := w.params[name]
	return r != nil && r.drop
}

func (w *grant) covers(args []Arg) bool {
	for i := range args {
		r := w.params[args[i].Name]
		sent := len(args[i].Values) > 0
		if r == nil {
			if args[i].Pinned && sent {
				return false
			}
			continue
		}
		if args[i].Pinned && sent && !r.drop && r.allow == nil {
			return false
		}
		if r.required && !slices.ContainsFunc(args[i].Values, func(v string) bool { return v != "" }) {
			return false
		}
		if sent && !r.drop && !r.accepts(&args[i]) {
			return false
		}
	}
	return true
}
