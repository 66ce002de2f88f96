package gigya

import "strings"

// Param is one parameter as it was received: its name as the caller spelt it, its value decoded.
type Param struct {
	Name, Value string
}

// Params are the parameters of a request, query string and body together. Names are compared without regard to letter
// case, as the field does ("apikey", "ApiKey", "APIKey" are all in use); the spelling is kept for the signature and for
// ignoredParams. The zero value is empty and usable.
type Params struct {
	list []Param
}

// NewParams returns the parameters of the list, later values of one name replacing earlier ones. Two spellings of one
// name with different values are kept both; [Params.Conflict] reports them.
func NewParams(list ...Param) *Params {
	p := &Params{list: make([]Param, 0, len(list))}
	for _, q := range list {
		p.Set(q.Name, q.Value)
	}
	return p
}

// Set adds the parameter, or replaces the value of the one that is spelt exactly so.
func (p *Params) Set(name, value string) {
	for i := range p.list {
		if p.list[i].Name == name {
			p.list[i].Value = value
			return
		}
	}
	if p.list == nil {
		const usual = 12 // Most calls have no more.
		p.list = make([]Param, 0, usual)
	}
	p.list = append(p.list, Param{name, value})
}

// Lookup returns the value of the parameter and whether it is there.
func (p *Params) Lookup(name string) (string, bool) {
	for i := range p.list {
		if len(p.list[i].Name) == len(name) && strings.EqualFold(p.list[i].Name, name) {
			return p.list[i].Value, true
		}
	}
	return "", false
}

// Get returns the value of the parameter, or an empty text.
func (p *Params) Get(name string) string {
	v, _ := p.Lookup(name)
	return v
}

// Has tells whether the parameter is there with a value that is not empty.
func (p *Params) Has(name string) bool { return p.Get(name) != "" }

// All returns the parameters in the order received. The caller must not alter the slice.
func (p *Params) All() []Param { return p.list }

// Len returns their number.
func (p *Params) Len() int { return len(p.list) }

// Conflict returns the first name that came in two spellings with different values, or an empty text. The Android SDK's
// own comment says that such a request fails.
func (p *Params) Conflict() string {
	if len(p.list) >= indexFrom {
		return p.conflictInLongList()
	}
	for i := range p.list {
		for j := range i {
			if len(p.list[i].Name) == len(p.list[j].Name) && p.list[i].Value != p.list[j].Value &&
				strings.EqualFold(p.list[i].Name, p.list[j].Name) {
				return p.list[i].Name
			}
		}
	}
	return ""
}

// conflictInLongList does not compare each name with each other, so that a thousand names do not cost a million
// comparisons.
func (p *Params) conflictInLongList() string {
	values := make(map[string]string, len(p.list))
	for _, q := range p.list {
		name := strings.ToLower(q.Name)
		if value, ok := values[name]; ok && value != q.Value {
			return q.Name
		}
		values[name] = q.Value
	}
	return ""
}
