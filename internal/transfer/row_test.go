package transfer_test

import (
	"errors"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/transfer"
)

func TestARefusalSaysInWordsWhatIsWrong(t *testing.T) {
	for want, reason := range map[string]error{
		"line 3: a document of the account would be larger than 524288 bytes":           gigya.NewError(gigya.ObjectTooLarge, ""),
		"line 3: gigya: 413003 Object too large: the object would be nested too deeply": gigya.NewError(gigya.ObjectTooLarge, "the object would be nested too deeply"),
		`line 3: shoes\u001b: there is no such member`:                                  errors.New("shoes\x1b: there is no such member"),
	} {
		if got := (&transfer.RowError{Line: 3, Err: reason}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
