package query

import (
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// FilterElements returns the row, compact JSON, without those elements of the array at the path for which keep is false:
// what FILTER does. Arrays on the way are stepped through, and nothing happens where the path leads to no array. keep is
// given the element as compact JSON.
func FilterElements(row []byte, path Path, keep func(element []byte) bool) ([]byte, error) {
	if len(path) == 0 {
		return row, nil
	}
	var dst []byte
	var failed error
	err := document.Members(row, func(name string, raw []byte) bool {
		if len(dst) == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = append(document.AppendString(dst, name), ':')
		if !sameMember(row, path[0], name) {
			dst = append(dst, raw...)
			return true
		}
		var v document.Value
		if v, failed = document.Parse(raw); failed != nil {
			return false
		}
		dst = filterValue(v, path[1:], keep).AppendJSON(dst)
		return true
	})
	if failed != nil || err != nil {
		return nil, fmt.Errorf("filtering a row: %w", firstError(failed, err))
	}
	if len(dst) == 0 {
		dst = append(dst, '{')
	}
	return append(dst, '}'), nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// sameMember tells whether the name is the member of the object that a path's segment finds.
func sameMember(object []byte, segment, name string) bool {
	if !strings.EqualFold(segment, name) {
		return false
	}
	stored, _, _ := document.MemberFold(object, segment)
	return stored == name
}

func filterValue(v document.Value, path Path, keep func([]byte) bool) document.Value {
	switch v.Kind() {
	case document.KindObject:
		if len(path) == 0 {
			return v
		}
		if name, inner, ok := memberFold(v.Object(), path[0]); ok {
			v.Object().Set(name, filterValue(inner, path[1:], keep))
		}
	case document.KindArray:
		var items []document.Value
		for _, item := range v.Items() {
			if len(path) > 0 {
				items = append(items, filterValue(item, path, keep))
			} else if keep(item.AppendJSON(nil)) {
				items = append(items, item)
			}
		}
		return document.ArrayOf(items...)
	}
	return v
}
