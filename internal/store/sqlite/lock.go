package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// take waits for the lock, as long as ctx lets it and for busy at most. The lock ends by release, or with the process.
//
// It asks again and again instead of waiting in the system, where nothing could bound the wait for a process that stands
// still. Others hold the lock for microseconds.
func (l *fileLock) take(ctx context.Context, busy time.Duration) error {
	taken, err := l.try()
	if taken || err != nil {
		return err
	}
	const shortest, longest = 20 * time.Microsecond, 2 * time.Millisecond
	deadline := time.Now().Add(busy)
	for pause := shortest; time.Now().Before(deadline); pause = min(2*pause, longest) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		if taken, err := l.try(); taken || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: another process holds %s", store.ErrBusy, l.name)
}
