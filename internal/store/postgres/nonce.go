package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// A record that has died is claimed anew, and so is one of this very claim: its answer was lost.
const sqlClaimNonce = `INSERT INTO nonces (id, until, claim) VALUES ($1, $2, $3)
	ON CONFLICT (id) DO UPDATE SET until = excluded.until, claim = excluded.claim
	WHERE nonces.until <= $4 OR nonces.claim = excluded.claim`

// ClaimNonce implements [store.Replay]. The claim is as durable as a change: a standby that takes over knows it too.
func (s *Store) ClaimNonce(ctx context.Context, owner string, nonce store.Hash, now, until clock.Millis) (first bool, err error) {
	claim := make([]byte, 16)
	if _, err := io.ReadFull(s.rand, claim); err != nil {
		return false, fmt.Errorf("claim a nonce: %w", err)
	}
	// The nonce stands first, because its length is always the same.
	id := sha256.Sum256(append(append(make([]byte, 0, 128), nonce[:]...), owner...))
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		changed, err := exec(ctx, c, sqlClaimNonce, id[:], millis(until), claim, millis(now))
		first = changed == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim a nonce: %w", err)
	}
	return first, nil
}
