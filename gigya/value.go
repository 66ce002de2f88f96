package gigya

import (
	"errors"
	"strconv"
	"strings"
)

// ParseBool reads a boolean parameter: true, false, 1 and 0 in any letter case; empty is false. The Python SDK writes
// True, the PHP SDK 1 and an empty text. Anything else is 400006.
func ParseBool(name, text string) (bool, error) {
	switch {
	case text == "", text == "0":
		return false, nil
	case text == "1":
		return true, nil
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, InvalidArgument(name)
}

// ParseInt reads an integer parameter: blanks around it are ignored, a sign may stand before it. What is no number is
// 400004, a number beyond 64 bits 400006.
func ParseInt(name, text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, InvalidArgument(name)
	case err != nil:
		return 0, NewError(InvalidParameterFormat, "Invalid argument: "+name)
	}
	return n, nil
}

// SplitList reads a parameter that is a list with commas: blanks around an element are cut, empty elements dropped.
func SplitList(text string) []string {
	if text == "" {
		return nil
	}
	list := make([]string, 0, strings.Count(text, ",")+1)
	for element := range strings.SplitSeq(text, ",") {
		if element = strings.TrimSpace(element); element != "" {
			list = append(list, element)
		}
	}
	return list
}
