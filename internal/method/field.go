package method

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// maxObjectDepth bounds the nesting of an [Object].
const maxObjectDepth = 64

// A setter converts the received text and puts it into its field of the struct at base.
//
// Fields are found by their offset, which reflection read once when the method was declared: setting one by reflection in
// each call would cost more than all the rest of binding. Each setter is made for exactly the type of its field.
type setter func(p *Param, base unsafe.Pointer, text string) error

func fieldType(t reflect.Type, offset uintptr) (name string, length int, set setter) {
	switch t {
	case reflect.TypeFor[string]():
		return "string", defaultTextLength, into(offset, text)
	case reflect.TypeFor[*string]():
		return "string", defaultTextLength, intoPointer(offset, text)
	case reflect.TypeFor[bool]():
		return "bool", math.MaxInt, into(offset, boolean)
	case reflect.TypeFor[*bool]():
		return "bool", math.MaxInt, intoPointer(offset, boolean)
	case reflect.TypeFor[int64]():
		return "int", math.MaxInt, unlessEmpty(into(offset, integer))
	case reflect.TypeFor[*int64]():
		return "int", math.MaxInt, unlessEmpty(intoPointer(offset, integer))
	case reflect.TypeFor[List]():
		return "list", defaultListLength, into(offset, list)
	case reflect.TypeFor[Object]():
		return "object", defaultObjectLength, unlessEmpty(into(offset, object))
	}
	return "", 0, nil
}

func into[T any](offset uintptr, convert func(*Param, string) (T, error)) setter {
	return func(p *Param, base unsafe.Pointer, text string) error {
		value, err := convert(p, text)
		if err == nil {
			*(*T)(unsafe.Add(base, offset)) = value
		}
		return err
	}
}

func intoPointer[T any](offset uintptr, convert func(*Param, string) (T, error)) setter {
	return into(offset, func(p *Param, text string) (*T, error) {
		value, err := convert(p, text)
		return &value, err
	})
}

// unlessEmpty leaves the field alone for an empty text: PHP clients send null as an empty value.
func unlessEmpty(set setter) setter {
	return func(p *Param, base unsafe.Pointer, text string) error {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		return set(p, base, text)
	}
}

func text(p *Param, received string) (string, error) {
	if len(received) > p.Length {
		return "", gigya.InvalidArgumentBecause(p.Name, "at most "+strconv.Itoa(p.Length)+" bytes")
	}
	return received, nil
}

func boolean(p *Param, received string) (bool, error) { return gigya.ParseBool(p.Name, received) }

func integer(p *Param, received string) (int64, error) {
	value, err := gigya.ParseInt(p.Name, received)
	if err != nil {
		return 0, err
	}
	if (p.HasMin && value < p.Min) || (p.HasMax && value > p.Max) {
		return 0, gigya.InvalidArgumentBecause(p.Name, "want a number "+p.bounds())
	}
	return value, nil
}

func (p *Param) bounds() string {
	switch {
	case !p.HasMax:
		return "from " + strconv.FormatInt(p.Min, 10)
	case !p.HasMin:
		return "up to " + strconv.FormatInt(p.Max, 10)
	}
	return "from " + strconv.FormatInt(p.Min, 10) + " to " + strconv.FormatInt(p.Max, 10)
}

func list(p *Param, received string) (List, error) {
	if _, err := text(p, received); err != nil {
		return nil, err
	}
	return gigya.SplitList(received), nil
}

func object(p *Param, received string) (Object, error) {
	if _, err := text(p, received); err != nil {
		return nil, err
	}
	value := Object(received)
	if err := document.Check(value, maxObjectDepth); err != nil {
		return nil, gigya.InvalidFormat(p.Name, "want a JSON object: "+err.Error())
	}
	return value, nil
}
