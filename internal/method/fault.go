package method

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

// Fault returns what a client is told of an error, nil for none. What was not made for clients becomes 403048 when too
// many passwords wait, 503001 when the store can take no more or a service that hashes passwords is silent, 504001 when the time of the call is over, and 500001
// otherwise; the error itself is then the Cause, which is for the log alone.
func Fault(err error) *gigya.Error {
	if err == nil {
		return nil
	}
	var made *gigya.Error
	switch {
	case errors.As(err, &made):
		return made
	case errors.Is(err, password.ErrBusy):
		return &gigya.Error{Code: gigya.APIRateLimitExceeded, Cause: err}
	case errors.Is(err, store.ErrBusy), errors.Is(err, password.ErrUnavailable):
		return &gigya.Error{Code: gigya.ServiceUnavailable, Cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &gigya.Error{Code: gigya.Timeout, Cause: err}
	}
	return &gigya.Error{Code: gigya.GeneralServerError, Cause: err}
}
