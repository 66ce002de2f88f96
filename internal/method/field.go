package method

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// maxObjectDepth bounds the nesting of an [Object].
const maxObjectDepth = 64

// A setter converts the received text and puts it into the field, a pointer to exactly the type that it was made for.
type setter func(p *Param, field any, text string) error

// fieldType returns what is known of parameters of the Go type; a nil setter: nothing.
func fieldType(t reflect.Type) (name string, length int, set setter) {
	switch t {
	case reflect.TypeFor[string]():
		return "string", defaultTextLength, into(text)
	case reflect.TypeFor[*string]():
		return "string", defaultTextLength, intoPointer(text)
	case reflect.TypeFor[bool]():
		return "bool", math.MaxInt, into(boolean)
	case reflect.TypeFor[*bool]():
		return "bool", math.MaxInt, intoPointer(boolean)
	case reflect.TypeFor[int64]():
		return "int", math.MaxInt, unlessEmpty(into(integer))
	case reflect.TypeFor[*int64]():
		return "int", math.MaxInt, unlessEmpty(intoPointer(integer))
	case reflect.TypeFor[List]():
		return "list", defaultListLength, into(list)
	case reflect.TypeFor[Object]():
		return "object", defaultObjectLength, unlessEmpty(into(object))
	}
	return "", 0, nil
}

func into[T any](convert func(*Param, string) (T, error)) setter {
	return func(p *Param, field any, text string) error {
		value, err := convert(p, text)
		if err == nil {
			*field.(*T) = value
		}
		return err
	}
}

func intoPointer[T any](convert func(*Param, string) (T, error)) setter {
	return into(func(p *Param, text string) (*T, error) {
		value, err := convert(p, text)
		return &value, err
	})
}

// unlessEmpty leaves the field alone for an empty text: PHP clients send null as an empty value.
func unlessEmpty(set setter) setter {
	return func(p *Param, field any, text string) error {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		return set(p, field, text)
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
