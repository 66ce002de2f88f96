package method

import (
	"context"
	"errors"
	"reflect"

	"github.com/doorward/doorward/gigya"
)

// The texts for unknown parameters, as recorded.
const (
	unknownWarning = "This parameter was not recognized as valid for this API method with your security credentials " +
		"nor was it recognized as a standard Gigya control parameter."
	unknownDetails = "These parameters were not recognized as valid for this API method with your security credentials " +
		"nor were they recognized as standard Gigya control parameters: "
)

// Bind checks and converts the parameters of the invocation, whose Caller must be known. The result goes to [Method.Invoke].
//
// First the limits of the caller's rights are applied: a value that they refuse is 403007.
//
// Unknown parameters are those that the caller's rights withhold, then those that are neither the method's, for this caller,
// nor control parameters: each once, in the order received, and the first fifty of them. They are returned beside an error too, because error answers list them as
// well. With checkParams=true
// the first of them is the error, and none is listed: nothing was ignored. Then come missing parameters, wrong formats and
// wrong values, each group in the order of the declaration.
func (m *Method) Bind(inv *Invocation) (call any, ignored []gigya.IgnoredParam, err error) {
	if err := m.limit(inv); err != nil {
		return nil, nil, err
	}
	var places [maxParams]int32 // by parameter: one more than the place of its value among those received
	received := inv.Raw.All()
	server := inv.Server()
	var denied string
	for _, name := range inv.Withheld {
		ignored = appendIgnored(ignored, name)
	}
	for i := range received {
		at, known := m.find(received[i].Name)
		switch {
		case known && m.params[at].Deny && !server:
			denied = m.params[at].Name
		case known && (server || !m.params[at].Server):
			if m.better(at, places[at], int32(i), received) {
				places[at] = int32(i + 1)
			}
		case !IsControl(received[i].Name):
			ignored = appendIgnored(ignored, received[i].Name)
		}
	}
	checkParams, err := gigya.ParseBool("checkParams", inv.Raw.Get("checkParams"))
	if err != nil {
		return nil, ignored, err
	}
	if checkParams && len(ignored) > 0 {
		return nil, nil, gigya.NewError(gigya.PermissionDenied, unknownDetails+ignored[0].ParamName)
	}
	if denied != "" {
		return nil, ignored, gigya.NewError(gigya.PermissionDenied, unknownDetails+denied)
	}
	call, err = m.convert(inv, received, places[:len(m.params)])
	return call, ignored, err
}

// Invoke calls the handler with what Bind returned.
func (m *Method) Invoke(ctx context.Context, call any) (any, error) { return m.run(ctx, call) }

// Call binds and invokes: a whole call for those who need nothing in between.
func (m *Method) Call(ctx context.Context, inv *Invocation) (any, error) {
	call, _, err := m.Bind(inv)
	if err != nil {
		return nil, err
	}
	return m.Invoke(ctx, call)
}

// better tells whether the received parameter now replaces an earlier one for the same declaration: the name itself goes
// before an alias, a value before an empty one.
func (m *Method) better(at int, earlier, now int32, received []gigya.Param) bool {
	if earlier == 0 || received[earlier-1].Value == "" {
		return true
	}
	name := m.params[at].Name
	return received[now].Value != "" && sameName(received[now].Name, name) && !sameName(received[earlier-1].Name, name)
}

func (m *Method) convert(inv *Invocation, received []gigya.Param, places []int32) (any, error) {
	for i := range m.params {
		if m.params[i].Required && (places[i] == 0 || received[places[i]-1].Value == "") {
			return nil, gigya.MissingParameter(m.params[i].Name)
		}
	}
	call, pointer := m.prepare(inv)
	params := reflect.ValueOf(pointer).Elem()
	var wrongValue error
	for i, place := range places {
		if place == 0 {
			continue
		}
		p := &m.params[i]
		err := p.set(p, params.FieldByIndex(p.field).Addr().Interface(), received[place-1].Value)
		switch {
		case err == nil:
		case isFormat(err):
			return nil, err
		case wrongValue == nil:
			wrongValue = err
		}
	}
	if wrongValue != nil {
		return nil, wrongValue
	}
	return call, nil
}

func isFormat(err error) bool {
	var e *gigya.Error
	return errors.As(err, &e) && e.Code == gigya.InvalidParameterFormat
}

func (m *Method) find(name string) (int, bool) {
	var buffer [maxName]byte
	folded, ok := fold(&buffer, name)
	if !ok {
		return 0, false
	}
	at, ok := m.index[string(folded)]
	return at, ok
}

// maxIgnored is how many unknown parameters an answer names: each costs it a hundred times the bytes that it cost the
// request.
const maxIgnored = 50

func appendIgnored(list []gigya.IgnoredParam, name string) []gigya.IgnoredParam {
	if len(list) == maxIgnored {
		return list
	}
	for i := range list {
		if list[i].ParamName == name {
			return list
		}
	}
	return append(list, gigya.IgnoredParam{ParamName: name, WarningCode: gigya.PermissionDenied, Message: unknownWarning})
}
