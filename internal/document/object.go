package document

import "iter"

// indexFrom is the number of members from which an object keeps an index of its names. Below it looking through them is
// faster than making a map and asking it.
const indexFrom = 32

// firstMembers is the room that an object makes for its first member: many have few, and the first growths cost the most.
const firstMembers = 2

// Object is a JSON object whose members keep their order. The zero Object is empty and ready; a nil one can be read like
// an empty one. It is not safe for concurrent use while it is changed.
type Object struct {
	// members holds removed ones too until there are many: removing many members one by one must not cost the square.
	members []member
	removed int
	// index is the place of each name in members; nil while the object is small.
	index map[string]int
	// items are those of an array: see [Value].
	items []Value
}

// member is a name with its value; a removed one has a kind of its own.
type member struct {
	name  string
	value Value
}

func (m *member) removed() bool { return m.value.kind == kindRemoved }

// Len returns the number of members.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members) - o.removed
}

// Names returns the names of the members in order.
func (o *Object) Names() []string {
	names := make([]string, 0, o.Len())
	for name := range o.All() {
		names = append(names, name)
	}
	return names
}

// All iterates over the members in order. The object must not be changed meanwhile.
func (o *Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			if m := &o.members[i]; !m.removed() && !yield(m.name, m.value) {
				return
			}
		}
	}
}

// find returns the place of the name, or -1.
func (o *Object) find(name string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].name == name && !o.members[i].removed() {
			return i
		}
	}
	return -1
}

// Get returns the member's value; ok is false if there is none. A member that is null is there.
func (o *Object) Get(name string) (v Value, ok bool) {
	i := o.find(name)
	if i < 0 {
		return Value{}, false
	}
	return o.members[i].value, true
}

// Set gives the member the value. A new member comes last, one that was there keeps its place. The value is not copied.
func (o *Object) Set(name string, v Value) {
	if i := o.find(name); i >= 0 {
		o.members[i].value = v
		return
	}
	if o.members == nil {
		o.members = make([]member, 0, firstMembers)
	}
	o.members = append(o.members, member{name: name, value: v})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) >= indexFrom:
		o.compact()
	}
}

// grow makes room for members that come at once, if there are none yet.
func (o *Object) grow(members int) {
	if o.members == nil && members > 0 {
		o.members = make([]member, 0, members)
	}
}

// Delete removes the member and tells whether it was there.
func (o *Object) Delete(name string) bool {
	i := o.find(name)
	if i < 0 {
		return false
	}
	o.members[i] = member{value: Value{kind: kindRemoved}}
	o.removed++
	delete(o.index, name)
	if o.removed > len(o.members)/2 {
		o.compact()
	}
	return true
}

// compact drops removed members and makes the index anew.
func (o *Object) compact() {
	kept := o.members[:0]
	for _, m := range o.members {
		if !m.removed() {
			kept = append(kept, m)
		}
	}
	clear(o.members[len(kept):])
	o.members, o.removed, o.index = kept, 0, nil
	if len(kept) < indexFrom {
		return
	}
	o.index = make(map[string]int, 2*len(kept))
	for i := range kept {
		o.index[kept[i].name] = i
	}
}

// Lookup returns the value at the path, going through objects only. An empty path is not found.
func (o *Object) Lookup(path []string) (v Value, ok bool) {
	for i, name := range path {
		if v, ok = o.Get(name); !ok {
			return Value{}, false
		}
		if i < len(path)-1 {
			if o = v.Object(); o == nil {
				return Value{}, false
			}
		}
	}
	return v, ok
}

// SetPath sets the value at the path. What is missing on the way is made; what is there and no object is replaced by one.
// An empty path changes nothing.
func (o *Object) SetPath(path []string, v Value) {
	if len(path) == 0 {
		return
	}
	for _, name := range path[:len(path)-1] {
		o = o.child(name)
	}
	o.Set(path[len(path)-1], v)
}

// child returns the object that is the member, having made it so if it was not.
func (o *Object) child(name string) *Object {
	if v, _ := o.Get(name); v.Object() != nil {
		return v.Object()
	}
	made := &Object{}
	o.Set(name, FromObject(made))
	return made
}

// DeletePath removes the value at the path and tells whether it was there. Objects on the way stay, empty ones too.
func (o *Object) DeletePath(path []string) bool {
	if len(path) == 0 {
		return false
	}
	if last := len(path) - 1; last > 0 {
		v, ok := o.Lookup(path[:last])
		if !ok || v.Object() == nil {
			return false
		}
		return v.Object().Delete(path[last])
	}
	return o.Delete(path[0])
}

// Clone returns a deep copy; of nil an empty object.
func (o *Object) Clone() *Object {
	c := &Object{}
	if o.Len() == 0 {
		return c
	}
	c.members = make([]member, 0, o.Len())
	for name, v := range o.All() {
		c.members = append(c.members, member{name: name, value: v.Clone()})
	}
	c.compact()
	return c
}

// Filtered returns an object of the members for which keep returns true, with the values that keep gives them. If these are all of
// them as they are, it is o itself, no copy.
func (o *Object) Filtered(keep func(name string, v Value) (Value, bool)) *Object {
	kept := o
	for name, v := range o.All() {
		w, ok := keep(name, v)
		if kept == o {
			if ok && w == v {
				continue
			}
			kept = &Object{}
			for earlier, v := range o.All() {
				if earlier == name {
					break
				}
				kept.Set(earlier, v)
			}
		}
		if ok {
			kept.Set(name, w)
		}
	}
	return kept
}

// Equal tells whether both have the same members, in any order.
func (o *Object) Equal(p *Object) bool {
	if o.Len() != p.Len() {
		return false
	}
	for name, v := range o.All() {
		if w, ok := p.Get(name); !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

// AppendJSON appends the object as compact JSON, members in their order.
func (o *Object) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if o == nil {
		return append(dst, '}')
	}
	first := true
	for i := range o.members {
		m := &o.members[i]
		if m.removed() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendString(dst, m.name)
		dst = append(dst, ':')
		dst = m.value.AppendJSON(dst)
	}
	return append(dst, '}')
}

// JSON returns the object as compact JSON.
func (o *Object) JSON() []byte { return o.AppendJSON(make([]byte, 0, o.size())) }

// size is about the length of the object's text: exact, but for what is escaped.
func (o *Object) size() int {
	n := len("{}")
	if o == nil {
		return n
	}
	for i := range o.members {
		n += len(o.members[i].name) + o.members[i].value.size() + len(`"":,`)
	}
	return n
}

// MarshalJSON is AppendJSON for encoding/json.
func (o *Object) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil), nil }
