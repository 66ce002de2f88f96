package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// sessionVerify serves accounts.session.verify: whether the session is alive. An answer without an error says yes.
//
// Callers: sessions. A session that ended is refused before the handler is reached, with 403005 or 403011. Asking does
// not lengthen a session's life.
//
// Sources: the Android SDK, which calls it API_IS_SESSION_VALID.
func sessionVerify(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.session.verify",
		Summary: "Says whether the session is alive.",
		Callers: caller.Session,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[method.None]) (method.None, error) {
		c.UID = c.Caller.UID
		return method.None{}, nil
	})
}
