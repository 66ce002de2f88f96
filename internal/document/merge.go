package document

import "strings"

// MergeDeep changes dst by the patch the way setAccountInfo writes data:
//
//   - a member that the patch does not name stays;
//   - an object is merged into the object that is there, at every depth, or takes the place of what is no object;
//   - a scalar or an array replaces what is there, whole; what is inside an array is taken as it is;
//   - null removes the field, and is no error if there is none; the object around it stays, even when empty;
//   - a dotted name such as "loyalty.tier" is the same as nested objects. A name with an empty part ("a..b", ".a") is an
//     ordinary name.
//
// Members are applied in their order, so of two that name the same field the later wins. The patch is not altered and
// shares nothing with dst afterwards. If dotted names would nest dst deeper than [MaxDepth], the error is [ErrDepth] and
// nothing was changed; there is no other error.
func MergeDeep(dst, patch *Object) error {
	if fits, _ := measure(patch, MaxDepth); !fits {
		return ErrDepth
	}
	mergeDeep(dst, patch)
	return nil
}

// MergedDeep returns dst after [MergeDeep], for who only reads the result and does without dst afterwards: of an empty object
// and a patch in which nothing is to be removed or taken apart it returns the patch itself, no copy.
func MergedDeep(dst, patch *Object) (*Object, error) {
	fits, whole := measure(patch, MaxDepth)
	switch {
	case !fits:
		return nil, ErrDepth
	case whole && dst.Len() == 0:
		return patch, nil
	}
	mergeDeep(dst, patch)
	return dst, nil
}

func mergeDeep(dst, patch *Object) {
	dst.grow(patch.Len())
	for name, v := range patch.All() {
		at := dst
		if strings.Contains(name, ".") {
			path := dotted(name)
			last := len(path) - 1
			if v.Kind() == KindNull {
				dst.DeletePath(path)
				continue
			}
			for _, part := range path[:last] {
				at = at.child(part)
			}
			name = path[last]
		}
		switch v.Kind() {
		case KindNull:
			at.Delete(name)
		case KindObject:
			mergeDeep(at.child(name), v.Object())
		default:
			at.Set(name, v.Clone())
		}
	}
}

// dotted splits a name of a patch at its dots.
func dotted(name string) []string {
	if !strings.Contains(name, ".") {
		return []string{name}
	}
	path := strings.Split(name, ".")
	for _, part := range path {
		if part == "" {
			return []string{name}
		}
	}
	return path
}

// measure tells whether the patch, its dotted names taken apart, has at most depth levels, and whether it is whole: has neither
// null nor a dotted name outside of arrays.
func measure(o *Object, depth int) (fits, whole bool) {
	if depth <= 0 {
		return false, false
	}
	whole = true
	for name, v := range o.All() {
		below := depth - 1
		if strings.IndexByte(name, '.') >= 0 {
			below, whole = depth-len(dotted(name)), false
		}
		if below < 0 {
			return false, false
		}
		switch v.Kind() {
		case KindNull:
			whole = false
		case KindObject:
			inside, all := measure(v.Object(), below)
			if whole = whole && all; !inside {
				return false, false
			}
		case KindArray:
			if !arrayFits(v, below) {
				return false, false
			}
		}
	}
	return true, whole
}

// arrayFits is for what is taken as it is: names inside an array are not taken apart.
func arrayFits(v Value, depth int) bool {
	if v.Kind() != KindArray && v.Kind() != KindObject {
		return true
	}
	if depth <= 0 {
		return false
	}
	for _, item := range v.Items() {
		if !arrayFits(item, depth-1) {
			return false
		}
	}
	for _, item := range v.Object().All() {
		if !arrayFits(item, depth-1) {
			return false
		}
	}
	return true
}

// MergeFlat changes dst by the patch the way setAccountInfo writes the profile:
//
//   - a member that the patch does not name stays;
//   - any other value, objects and arrays too, replaces the member whole;
//   - null removes the member. A null field within an object is a field without value, and left out.
//
// Names are taken as they are, dots included. The patch is not altered and shares nothing with dst afterwards.
func MergeFlat(dst, patch *Object) {
	dst.grow(patch.Len())
	for name, v := range patch.All() {
		if v.IsNull() {
			dst.Delete(name)
			continue
		}
		dst.Set(name, withoutNulls(v))
	}
}

// MergedFlat is to [MergeFlat] what [MergedDeep] is to MergeDeep.
func MergedFlat(dst, patch *Object) *Object {
	if dst.Len() == 0 && !hasNulls(patch) {
		return patch
	}
	MergeFlat(dst, patch)
	return dst
}

// hasNulls tells whether a member is null, at any depth of objects.
func hasNulls(o *Object) bool {
	for _, v := range o.All() {
		if v.IsNull() || v.Kind() == KindObject && hasNulls(v.Object()) {
			return true
		}
	}
	return false
}

// withoutNulls copies v without the members that are null, at every depth of objects; arrays are copied as they are.
func withoutNulls(v Value) Value {
	if v.Kind() != KindObject {
		return v.Clone()
	}
	kept := &Object{}
	for name, item := range v.Object().All() {
		if !item.IsNull() {
			kept.Set(name, withoutNulls(item))
		}
	}
	return FromObject(kept)
}
