package accounts

import (
	"context"
	"fmt"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// maxCounterElements bounds the elements of the parameter counters. It is ours.
const maxCounterElements = 100

// RegisterCountersParams are the parameters of accounts.registerCounters.
type RegisterCountersParams struct {
	// Counters is an array of {class, path}. A path is / or has at most two levels, each of which is registered by itself.
	Counters string `param:"counters,required,len=65536"`
}

// registerCounters serves accounts.registerCounters: it declares counters, with which users of the site can be counted.
//
// Servers may call. A class whose name begins with an underscore is the system's: its path / needs no registration. To register
// again is no error. A counter without class or path is 400002, a text that is no array of objects 400004, any other name or path
// 400006, and so is the 101st counter of the site.
//
// Source: the REST guide.
//
// Differs: a class and a path have at most 64 bytes, and none of the characters " ' \ ( ) < >.
func registerCounters(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.registerCounters",
		Aliases: []string{"ids.registerCounters"},
		Summary: "Declares counters of the site.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[RegisterCountersParams]) (method.None, error) {
		wanted, err := countersOf(c.Params.Counters)
		if err != nil {
			return method.None{}, err
		}
		err = d.changeSite(ctx, c.Invocation, func(s *store.Site) error {
			return changeCounters(s, func(present []site.Counter) ([]site.Counter, error) {
				for _, counter := range wanted {
					if !slices.Contains(present, counter) {
						present = append(present, counter)
					}
				}
				if len(present) > site.MaxCounters {
					return nil, gigya.InvalidArgumentBecause("counters", fmt.Sprintf("a site has at most %d counters", site.MaxCounters))
				}
				return present, nil
			})
		})
		return method.None{}, err
	})
}

// counterElements reads the parameter: an array of at most so many objects.
func counterElements(text string, most int) ([]*document.Object, error) {
	array, err := document.Parse([]byte(text))
	if err != nil {
		return nil, gigya.InvalidFormat("counters", "want a JSON array: "+err.Error())
	}
	if array.Kind() != document.KindArray {
		return nil, gigya.InvalidFormat("counters", "want a JSON array")
	}
	items := array.Items()
	if len(items) == 0 {
		return nil, gigya.MissingParameter("counters")
	}
	if len(items) > most {
		return nil, gigya.InvalidArgumentBecause("counters", fmt.Sprintf("at most %d elements", most))
	}
	list := make([]*document.Object, len(items))
	for i, item := range items {
		if list[i] = item.Object(); list[i] == nil {
			return nil, gigya.InvalidFormat("counters", "want an array of objects")
		}
	}
	return list, nil
}

// counterText returns a text of an element; absent, null and empty are "".
func counterText(o *document.Object, name string) (string, error) {
	v, _ := o.Get(name)
	if v.Kind() != document.KindString && !v.IsNull() {
		return "", gigya.InvalidArgumentBecause("counters", "want a text: "+name)
	}
	return v.Str(), nil
}

// counterOf reads class and path of an element.
func counterOf(o *document.Object) (c site.Counter, err error) {
	if c.Class, err = counterText(o, "class"); err != nil {
		return c, err
	}
	if c.Path, err = counterText(o, "path"); err != nil {
		return c, err
	}
	switch {
	case c.Class == "":
		return c, gigya.MissingParameter("counters.class")
	case c.Path == "":
		return c, gigya.MissingParameter("counters.path")
	case !c.ValidClass():
		return c, gigya.InvalidArgumentBecause("counters", "this cannot be a class")
	case !c.ValidPath():
		return c, gigya.InvalidArgumentBecause("counters", "want the path / or one of at most two levels: /news/sport")
	}
	return c, nil
}

// countersOf reads an array of {class, path}.
func countersOf(text string) ([]site.Counter, error) {
	elements, err := counterElements(text, maxCounterElements)
	if err != nil {
		return nil, err
	}
	list := make([]site.Counter, len(elements))
	for i, o := range elements {
		if list[i], err = counterOf(o); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// changeCounters changes the counters in the settings of the site.
func changeCounters(s *store.Site, change func(present []site.Counter) ([]site.Counter, error)) error {
	return changeSettings(s, func(settings *document.Object) error {
		stored, _ := settings.Get("counters")
		var present []site.Counter
		for _, item := range stored.Items() {
			class, _ := item.Object().Get("class")
			path, _ := item.Object().Get("path")
			present = append(present, site.Counter{Class: class.Str(), Path: path.Str()})
		}
		present, err := change(present)
		if err != nil {
			return err
		}
		elements := make([]document.Value, len(present))
		for i, counter := range present {
			o := &document.Object{}
			o.Set("class", document.String(counter.Class))
			o.Set("path", document.String(counter.Path))
			elements[i] = document.FromObject(o)
		}
		if settings.Delete("counters"); len(elements) > 0 {
			settings.Set("counters", document.ArrayOf(elements...))
		}
		return nil
	})
}
