package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The columns of an account in the order in which accountRow reads and changing writes them.
const (
	accountColumns  = `uid, created, ` + changingColumns
	changingColumns = `rev, registered, verified, last_login, last_updated, oldest_data_updated,
	is_active, login_provider, social_providers, reg_source,
	password_hash, password_created, password_history, must_change, secret_question, secret_answer,
	failed_logins, last_failed_login, locked_until, token_epoch,
	emails, login_ids, profile, data, preferences, subscriptions, internal, custom_identifiers, identities, more`
)

const (
	sqlGetAccount  = `SELECT ` + accountColumns + ` FROM accounts WHERE grp = $1 AND uid = $2`
	sqlGetAccounts = `SELECT ` + accountColumns + ` FROM accounts WHERE grp = $1 AND uid = ANY($2)`

	sqlInsertAccount = `INSERT INTO accounts (grp, uid, created, ` + changingColumns + `) VALUES ($1, $2, $3,
		$4,$5,$6,$7,$8,$9, $10,$11,$12,$13, $14,$15,$16,$17,$18,$19, $20,$21,$22,$23, $24,$25,$26,$27,$28,$29,$30,$31,$32,$33)
		ON CONFLICT (grp, uid) DO NOTHING`

	sqlUpdateAccount = `UPDATE accounts SET created = $3,
		rev = $4, registered = $5, verified = $6, last_login = $7, last_updated = $8, oldest_data_updated = $9,
		is_active = $10, login_provider = $11, social_providers = $12, reg_source = $13,
		password_hash = $14, password_created = $15, password_history = $16, must_change = $17, secret_question = $18,
		secret_answer = $19, failed_logins = $20, last_failed_login = $21, locked_until = $22, token_epoch = $23,
		emails = $24, login_ids = $25, profile = $26, data = $27, preferences = $28, subscriptions = $29, internal = $30,
		custom_identifiers = $31, identities = $32, more = $33
		WHERE grp = $1 AND uid = $2 AND rev = $34 RETURNING (` + sqlSearchVersion + `)`

	sqlHasAccount    = `SELECT 1 FROM accounts WHERE grp = $1 AND uid = $2`
	sqlDeleteAccount = `DELETE FROM accounts WHERE grp = $1 AND uid = $2 RETURNING ` + accountColumns + `, (` + sqlSearchVersion + `)`

	sqlOwner = `SELECT uid FROM identifiers WHERE grp = $1 AND space = $2 AND value = $3`
	sqlClaim = `INSERT INTO identifiers (grp, space, value, uid) VALUES ($1, $2, $3, $4)
		ON CONFLICT (grp, space, value) DO NOTHING`
	sqlRelease = `DELETE FROM identifiers WHERE grp = $1 AND space = $2 AND value = $3 AND uid = $4`
	sqlHold    = `INSERT INTO account_identifiers (grp, uid, space, value) VALUES ($1, $2, $3, $4)
		ON CONFLICT (grp, uid, space, value) DO NOTHING`
	sqlLetGo    = `DELETE FROM account_identifiers WHERE grp = $1 AND uid = $2 AND space = $3 AND value = $4`
	sqlLetGoAll = `DELETE FROM account_identifiers WHERE grp = $1 AND uid = $2 RETURNING space, value`
)

func getAccount(ctx context.Context, c *conn, group, uid string) (*store.Account, error) {
	if !storable(group, uid) {
		return nil, store.ErrNotFound
	}
	a := &store.Account{Group: group}
	var r accountRow
	err := r.scan(c.QueryRow(ctx, sqlGetAccount, group, uid), a)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// accountRow reads rows of accountColumns.
type accountRow struct {
	source  *string
	history []byte
	targets []any
}

// scan reads the account, and columns behind it into more.
func (r *accountRow) scan(row pgx.Row, a *store.Account, more ...any) error {
	r.source, r.history = nil, nil
	s := &a.Secrets
	r.targets = append(r.targets[:0], &a.UID, timeAt(&a.Created),
		&a.Rev, timeAt(&a.Registered), timeAt(&a.Verified), timeAt(&a.LastLogin), timeAt(&a.LastUpdated), timeAt(&a.OldestDataUpdated),
		&a.IsActive, &a.LoginProvider, &a.SocialProviders, &r.source,
		&s.PasswordHash, timeAt(&s.PasswordCreated), &r.history, &s.MustChangePassword, &s.SecretQuestion, &s.SecretAnswerHash,
		&s.FailedLogins, timeAt(&s.LastFailedLogin), timeAt(&s.LockedUntil), &s.TokenEpoch,
		docAt(&a.Emails), docAt(&a.LoginIDs), docAt(&a.Profile), docAt(&a.Data), docAt(&a.Preferences), docAt(&a.Subscriptions),
		docAt(&a.Internal), docAt(&a.CustomIdentifiers), docAt(&a.Identities), docAt(&a.More))
	r.targets = append(r.targets, more...)
	if err := row.Scan(r.targets...); err != nil {
		return err
	}
	if a.HasRegSource = r.source != nil; a.HasRegSource {
		a.RegSource = *r.source
	}
	if err := readList(r.history, &s.PasswordHistory); err != nil {
		return fmt.Errorf("account %s: password history: %w", a.UID, err)
	}
	return nil
}

// values are the parameters of the statements that write an account, up to the columns that change.
func values(a *store.Account, rev int64) []any {
	s := &a.Secrets
	all := append(make([]any, 0, 34), a.Group, a.UID, millis(a.Created),
		rev, millis(a.Registered), millis(a.Verified), millis(a.LastLogin), millis(a.LastUpdated), millis(a.OldestDataUpdated),
		a.IsActive, text(a.LoginProvider), text(a.SocialProviders), optional(a.RegSource, a.HasRegSource),
		text(s.PasswordHash), millis(s.PasswordCreated), list(s.PasswordHistory), s.MustChangePassword,
		text(s.SecretQuestion), text(s.SecretAnswerHash),
		int64(s.FailedLogins), millis(s.LastFailedLogin), millis(s.LockedUntil), s.TokenEpoch)
	for _, d := range []json.RawMessage{a.Emails, a.LoginIDs, a.Profile, a.Data, a.Preferences, a.Subscriptions, a.Internal,
		a.CustomIdentifiers, a.Identities, a.More} {
		all = append(all, doc(d))
	}
	return all
}

// putAccount writes an account, and returns the version of the catalogue of the indexes that its transaction sees. If before is
// not nil, what was stored is put there.
func putAccount(ctx context.Context, c *conn, a, before *store.Account) (version int64, err error) {
	if a.Rev == 0 {
		return insertAccount(ctx, c, a)
	}
	args := append(values(a, a.Rev+1), a.Rev)
	if before == nil {
		err = get(ctx, c, sqlUpdateAccount, args, &version)
	} else {
		var r accountRow
		b := &pgx.Batch{}
		b.Queue(sqlGetAccount, a.Group, a.UID).QueryRow(func(row pgx.Row) error {
			if err := r.scan(row, before); !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return nil
		})
		err = store.ErrNotFound
		b.Queue(sqlUpdateAccount, args...).QueryRow(func(row pgx.Row) error {
			scanErr := row.Scan(&version)
			if errors.Is(scanErr, pgx.ErrNoRows) {
				return nil
			}
			err = nil
			return scanErr
		})
		if sendErr := c.SendBatch(ctx, b).Close(); sendErr != nil {
			return 0, sendErr
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		exists, err := has(ctx, c, sqlHasAccount, a.Group, a.UID)
		if err != nil {
			return 0, err
		}
		if !exists {
			return 0, store.ErrNotFound
		}
		return 0, store.ErrConflict
	}
	if err == nil {
		a.Rev++
	}
	return version, err
}

func insertAccount(ctx context.Context, c *conn, a *store.Account) (version int64, err error) {
	var place bool
	inserted := false
	b := &pgx.Batch{}
	b.Queue(sqlSearchVersionBeside, a.Group, a.UID).QueryRow(func(r pgx.Row) error { return r.Scan(&version, &place) })
	b.Queue(sqlInsertAccount, values(a, 1)...).Exec(func(tag pgconn.CommandTag) error {
		inserted = tag.RowsAffected() > 0
		return nil
	})
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return 0, err
	}
	if !inserted {
		return 0, store.ErrExists
	}
	a.Rev = 1
	return version, nil
}

// deleteAccount deletes an account with all that it holds, and returns what it was and the version of the catalogue of the
// indexes that its transaction sees.
func deleteAccount(ctx context.Context, c *conn, group, uid string) (a *store.Account, version int64, err error) {
	if !storable(group, uid) {
		return nil, 0, store.ErrNotFound
	}
	a = &store.Account{Group: group}
	var r accountRow
	err = r.scan(c.QueryRow(ctx, sqlDeleteAccount, group, uid), a, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, store.ErrNotFound
	}
	if err == nil {
		err = deleteHeld(ctx, c, group, uid)
	}
	return a, version, err
}

// deleteHeld deletes what an account holds.
func deleteHeld(ctx context.Context, c *conn, group, uid string) error {
	var held []store.Identifier
	err := each(ctx, c, sqlLetGoAll, []any{group, uid}, func(r pgx.Rows) error {
		var id store.Identifier
		err := r.Scan(&id.Space, &id.Value)
		held = append(held, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range held {
		if _, err := exec(ctx, c, sqlRelease, group, id.Space, id.Value, uid); err != nil {
			return err
		}
	}
	if err := deleteAccountsData(ctx, c, group, uid); err != nil {
		return err
	}
	_, err = deleteSessions(ctx, c, group, uid, store.Hash{})
	return err
}

func getOwner(ctx context.Context, c *conn, group string, id store.Identifier) (uid string, err error) {
	if !storable(group, id.Space, id.Value) {
		return "", store.ErrNotFound
	}
	err = get(ctx, c, sqlOwner, []any{group, id.Space, id.Value}, &uid)
	return uid, err
}

func claimIdentifier(ctx context.Context, c *conn, group string, id store.Identifier, uid string) error {
	claimed, err := exec(ctx, c, sqlClaim, group, id.Space, id.Value, uid)
	if err != nil {
		return err
	}
	if claimed == 1 {
		_, err = exec(ctx, c, sqlHold, group, uid, id.Space, id.Value)
		return err
	}
	owner, err := getOwner(ctx, c, group, id)
	if err != nil {
		return err
	}
	if owner != uid {
		return &store.TakenError{Identifier: id, UID: owner}
	}
	return nil
}

func releaseIdentifier(ctx context.Context, c *conn, group string, id store.Identifier, uid string) error {
	if !storable(group, id.Space, id.Value, uid) {
		return nil
	}
	released, err := exec(ctx, c, sqlRelease, group, id.Space, id.Value, uid)
	if err != nil || released == 0 {
		return err
	}
	_, err = exec(ctx, c, sqlLetGo, group, uid, id.Space, id.Value)
	return err
}
