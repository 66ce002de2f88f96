package gigya_test

import (
	"errors"
	"testing"

	"github.com/doorward/doorward/gigya"
)

// codeOf returns the code of an error of the package; 0 for none.
func codeOf(t testing.TB, err error) gigya.Code {
	t.Helper()
	if err == nil {
		return gigya.OK
	}
	var e *gigya.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *gigya.Error", err)
	}
	return e.Code
}
