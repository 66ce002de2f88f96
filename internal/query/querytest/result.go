package querytest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/doorward/doorward/internal/query"
)

// want is what SELECT asks of a value: the rest of a path, and a new name for its end.
type want struct {
	path  query.Path
	alias string
}

// project makes the result of one row.
func project(row any, items []query.Item) any {
	var wants []want
	for _, item := range items {
		if item.Func == 0 {
			wants = append(wants, want{item.Path, item.Alias})
		}
	}
	result, ok := cut(row, wants)
	if !ok {
		return map[string]any{}
	}
	return result
}

// cut returns what is asked of the value; ok is false if that is nothing.
func cut(v any, wants []want) (result any, ok bool) {
	whole := slices.ContainsFunc(wants, func(w want) bool { return len(w.path) == 0 })
	switch v := v.(type) {
	case nil:
		return nil, false
	case []any:
		list := []any{}
		for _, item := range v {
			if item == nil && whole {
				list = append(list, nil)
			} else if item, ok := cut(item, wants); ok {
				list = append(list, item)
			}
		}
		return list, whole || len(list) > 0
	case map[string]any:
		object := cutObject(v, wants, whole)
		return object, whole || len(object) > 0
	}
	return v, whole
}

func cutObject(v map[string]any, wants []want, whole bool) map[string]any {
	object := map[string]any{}
	for name, value := range v {
		var below []want
		if whole {
			below = append(below, want{})
		}
		for _, w := range wants {
			if len(w.path) == 0 {
				continue
			}
			stored, _ := member(v, w.path[0])
			switch {
			case stored != name:
			case len(w.path) == 1 && w.alias != "":
				if value, ok := cut(value, []want{{}}); ok {
					object[w.alias] = value
				}
			default:
				below = append(below, want{w.path[1:], w.alias})
			}
		}
		if value, ok := cut(value, below); ok && len(below) > 0 {
			object[name] = value
		}
	}
	return object
}

// filter cuts the array at the path.
func (t Table) filter(v any, path query.Path, f *query.Filter) any {
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, item := range v {
			if len(path) > 0 {
				list = append(list, t.filter(item, path, f))
			} else if t.holds(item, f.Keep, f.Path) {
				list = append(list, item)
			}
		}
		return list
	case map[string]any:
		if len(path) == 0 {
			return v
		}
		copied := map[string]any{}
		stored, _ := member(v, path[0])
		for name, value := range v {
			if name == stored {
				value = t.filter(value, path[1:], f)
			}
			copied[name] = value
		}
		return copied
	}
	return v
}

// groups returns a row for every group.
func (t Table) groups(q *query.Query, rows []any) []any {
	members := map[string][]any{}
	values := map[string]any{}
	for _, row := range rows {
		object, key := map[string]any{}, ""
		for _, column := range q.Group {
			v := t.first(row, column.Path)
			if v != nil {
				put(object, column.Path, v)
			}
			if n, ok := v.(json.Number); ok {
				v = rat(n)
			}
			key += fmt.Sprintf("%T %v\x00", v, v)
		}
		members[key] = append(members[key], row)
		values[key] = object
	}
	order := slices.Clone(q.Order)
	for _, column := range q.Group {
		order = append(order, query.Order{Path: column.Path})
	}
	var all []any
	for key := range members {
		all = append(all, map[string]any{"key": key, "values": values[key]})
	}
	for i, o := range order {
		order[i].Path = append(query.Path{"values"}, o.Path...)
	}
	Table{}.sort(all, order)
	for i, group := range all {
		key := group.(map[string]any)["key"].(string)
		all[i] = aggregates(q, project(values[key], q.Select).(map[string]any), t, members[key])
	}
	return all
}

// put sets a value at a path within objects.
func put(object map[string]any, path query.Path, v any) {
	for _, name := range path[:len(path)-1] {
		below, ok := object[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			object[name] = below
		}
		object = below
	}
	object[path[len(path)-1]] = v
}

// aggregates adds those of the query over the rows to the object.
func aggregates(q *query.Query, object map[string]any, t Table, rows []any) map[string]any {
	for _, item := range q.Select {
		if item.Func == 0 {
			continue
		}
		var values int
		var numbers []*big.Rat
		for _, row := range rows {
			v := t.first(row, item.Path)
			if v != nil {
				values++
			}
			if n, ok := v.(json.Number); ok {
				numbers = append(numbers, asStored(n))
			}
		}
		if len(item.Path) == 0 {
			values = len(rows)
		}
		object[item.Name()] = aggregate(item.Func, values, numbers)
	}
	return object
}

// asStored takes a number as the executor does: a whole one of 64 bits exactly, any other as the nearest float.
func asStored(n json.Number) *big.Rat {
	if _, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return rat(n)
	}
	f, _ := n.Float64()
	return new(big.Rat).SetFloat64(f)
}

func aggregate(f query.Func, values int, numbers []*big.Rat) any {
	if f == query.Count {
		return json.Number(strconv.Itoa(values))
	}
	sum, squares, n := new(big.Rat), new(big.Rat), big.NewRat(int64(max(len(numbers), 1)), 1)
	total := exact
	for _, x := range numbers {
		if !x.IsInt() {
			total = nearest
		}
		sum.Add(sum, x)
		squares.Add(squares, new(big.Rat).Mul(x, x))
	}
	switch f {
	case query.Sum:
		return total(sum)
	case query.SumOfSquares:
		return total(squares)
	}
	switch {
	case len(numbers) > 0:
	case f == query.Min:
		return "infinity"
	case f == query.Max:
		return "-infinity"
	default:
		return "NaN"
	}
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	mean := new(big.Rat).Quo(sum, n)
	variance := new(big.Rat).Quo(squares, n)
	variance.Sub(variance, new(big.Rat).Mul(mean, mean))
	switch f {
	case query.Min:
		return exact(numbers[0])
	case query.Max:
		return exact(numbers[len(numbers)-1])
	case query.Avg:
		return nearest(mean)
	case query.Variance:
		return nearest(variance)
	}
	v, _ := variance.Float64()
	return nearest(new(big.Rat).SetFloat64(math.Sqrt(v)))
}

// exact writes a whole number as it is and any other as the nearest float.
func exact(x *big.Rat) json.Number {
	if x.IsInt() {
		return json.Number(x.Num().String())
	}
	return nearest(x)
}

func nearest(x *big.Rat) json.Number {
	f, _ := x.Float64()
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

// Normal makes two decoded values equal if they differ in nothing but how numbers are written.
func Normal(v any) any {
	switch v := v.(type) {
	case json.Number:
		return "number " + rat(v).RatString()
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = Normal(item)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for name, item := range v {
			object[name] = Normal(item)
		}
		return object
	}
	return v
}
