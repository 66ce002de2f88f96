package method_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

func TestFaultTellsClientsWhatIsTheirsToKnow(t *testing.T) {
	if method.Fault(nil) != nil {
		t.Error("no error is a fault")
	}
	for _, tt := range []struct {
		err   error
		want  gigya.Code
		cause bool
	}{
		{gigya.InvalidArgument("x"), gigya.InvalidParameterValue, false},
		{fmt.Errorf("doing: %w", gigya.InvalidArgument("x")), gigya.InvalidParameterValue, false},
		{fmt.Errorf("doing: %w", password.ErrBusy), gigya.APIRateLimitExceeded, true},
		{fmt.Errorf("doing: %w", password.ErrUnavailable), gigya.ServiceUnavailable, true},
		{fmt.Errorf("doing: %w", store.ErrBusy), gigya.ServiceUnavailable, true},
		{fmt.Errorf("doing: %w", context.DeadlineExceeded), gigya.Timeout, true},
		{fmt.Errorf("doing: %w", context.Canceled), gigya.GeneralServerError, true},
		{store.ErrNotFound, gigya.GeneralServerError, true},
		{errors.New("secret"), gigya.GeneralServerError, true},
	} {
		got := method.Fault(tt.err)
		if got.Code != tt.want || (got.Cause == tt.err) != tt.cause || tt.cause && got.Details != "" {
			t.Errorf("%v: %+v, want %d", tt.err, got, tt.want)
		}
	}
}
