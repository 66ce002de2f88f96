package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// The columns of an account in the order in which scanAccount reads and bindChanging binds them.
// What does not change when an account does stands first: it is left out of updates, which spares its indexes.
const (
	accountColumns  = `uid, created, ` + changingColumns
	changingColumns = `rev, registered, verified, last_login, last_updated, oldest_data_updated,
	is_active, login_provider, social_providers, reg_source,
	password_hash, password_created, password_history, must_change, secret_question, secret_answer,
	failed_logins, last_failed_login, locked_until, token_epoch,
	emails, login_ids, profile, data, preferences, subscriptions, internal, custom_identifiers, identities, more`
)

const (
	sqlGetAccount = `SELECT ` + accountColumns + ` FROM accounts WHERE grp = ? AND uid = ?`

	sqlInsertAccount = `INSERT INTO accounts (` + accountColumns + `, grp, id) VALUES
		(?,?,?,?,?,?,?,?, ?,?,?,?, ?,?,?,?,?,?, ?,?,?,?, ?,?,?,?,?,?,?,?,?,?, ?,?)`

	sqlUpdateAccount = `UPDATE accounts SET (` + changingColumns + `) =
		(?,?,?,?,?,?, ?,?,?,?, ?,?,?,?,?,?, ?,?,?,?, ?,?,?,?,?,?,?,?,?,?)
		WHERE grp = ? AND uid = ? AND rev = ? AND created = ?`
	sqlUpdateCreated = `UPDATE accounts SET created = ? WHERE grp = ? AND uid = ? AND rev = ?`

	sqlHasAccount    = `SELECT 1 FROM accounts WHERE grp = ? AND uid = ?`
	sqlDeleteAccount = `DELETE FROM accounts WHERE id = ?`
	sqlAccountRow    = `SELECT id FROM accounts WHERE grp = ? AND uid = ?`
	sqlNextAccount   = `SELECT coalesce(max(id), 0) + 1 FROM accounts`
)

func getAccount(c *sqlite.Conn, group, uid string) (*store.Account, error) {
	a := &store.Account{Group: group}
	err := get(c, sqlGetAccount,
		func(b *binder) { b.text(group); b.text(uid) },
		func(r *row) error { return scanAccount(r, a) })
	if err != nil {
		return nil, err
	}
	return a, nil
}

func scanAccount(r *row, a *store.Account) error {
	a.UID = r.text()
	a.Created = r.time()
	a.Rev = r.int()
	a.Registered = r.time()
	a.Verified = r.time()
	a.LastLogin = r.time()
	a.LastUpdated = r.time()
	a.OldestDataUpdated = r.time()
	a.IsActive = r.bool()
	a.LoginProvider = r.text()
	a.SocialProviders = r.text()
	source := r.next()
	a.HasRegSource = !r.stmt.ColumnIsNull(source)
	a.RegSource = r.stmt.ColumnText(source)
	s := &a.Secrets
	s.PasswordHash = r.text()
	s.PasswordCreated = r.time()
	var err error
	if s.PasswordHistory, err = r.list(); err != nil {
		return fmt.Errorf("account %s: password history: %w", a.UID, err)
	}
	s.MustChangePassword = r.bool()
	s.SecretQuestion = r.text()
	s.SecretAnswerHash = r.text()
	s.FailedLogins = int(r.int())
	s.LastFailedLogin = r.time()
	s.LockedUntil = r.time()
	s.TokenEpoch = r.int()
	r.docs(&a.Emails, &a.LoginIDs, &a.Profile, &a.Data, &a.Preferences, &a.Subscriptions, &a.Internal,
		&a.CustomIdentifiers, &a.Identities, &a.More)
	return nil
}

func bindAccount(b *binder, a *store.Account, rev, row int64) {
	b.text(a.UID)
	b.time(a.Created)
	bindChanging(b, a, rev)
	b.text(a.Group)
	b.int(row)
}

func bindChanging(b *binder, a *store.Account, rev int64) {
	b.int(rev)
	b.time(a.Registered)
	b.time(a.Verified)
	b.time(a.LastLogin)
	b.time(a.LastUpdated)
	b.time(a.OldestDataUpdated)
	b.bool(a.IsActive)
	b.text(a.LoginProvider)
	b.text(a.SocialProviders)
	b.textOr(a.RegSource, a.HasRegSource)
	s := &a.Secrets
	b.text(s.PasswordHash)
	b.time(s.PasswordCreated)
	b.list(s.PasswordHistory)
	b.bool(s.MustChangePassword)
	b.text(s.SecretQuestion)
	b.text(s.SecretAnswerHash)
	b.int(int64(s.FailedLogins))
	b.time(s.LastFailedLogin)
	b.time(s.LockedUntil)
	b.int(s.TokenEpoch)
	for _, doc := range []json.RawMessage{a.Emails, a.LoginIDs, a.Profile, a.Data, a.Preferences, a.Subscriptions,
		a.Internal, a.CustomIdentifiers, a.Identities, a.More} {
		b.doc(doc)
	}
}

// replaceAccount writes an account that is there already.
func replaceAccount(c *sqlite.Conn, a *store.Account) error {
	changed, err := updateAccount(c, a)
	if err == nil && changed == 0 {
		changed, err = updateCreated(c, a)
	}
	if err != nil {
		return err
	}
	if changed == 0 {
		exists, err := has(c, sqlHasAccount, func(b *binder) { b.text(a.Group); b.text(a.UID) })
		if err != nil {
			return err
		}
		if !exists {
			return store.ErrNotFound
		}
		return store.ErrConflict
	}
	a.Rev++
	return nil
}

// updateAccount changes a row whose time of creation stays the same.
func updateAccount(c *sqlite.Conn, a *store.Account) (changed int, err error) {
	return exec(c, sqlUpdateAccount, func(b *binder) {
		bindChanging(b, a, a.Rev+1)
		b.text(a.Group)
		b.text(a.UID)
		b.int(a.Rev)
		b.time(a.Created)
	})
}

// updateCreated is for the rare change of the time of creation.
func updateCreated(c *sqlite.Conn, a *store.Account) (changed int, err error) {
	changed, err = exec(c, sqlUpdateCreated, func(b *binder) {
		b.time(a.Created)
		b.text(a.Group)
		b.text(a.UID)
		b.int(a.Rev)
	})
	if err != nil || changed == 0 {
		return 0, err
	}
	return updateAccount(c, a)
}

func insertAccount(c *sqlite.Conn, a *store.Account, row int64) error {
	_, err := exec(c, sqlInsertAccount, func(b *binder) { bindAccount(b, a, 1, row) })
	if isUnique(err) {
		return store.ErrExists
	}
	if err != nil {
		return err
	}
	a.Rev = 1
	return nil
}

func deleteAccount(c *sqlite.Conn, group, uid string) error {
	row, err := accountRow(c, group, uid)
	if err != nil {
		return err
	}
	if _, err := exec(c, sqlDeleteAccount, func(b *binder) { b.int(row) }); err != nil {
		return err
	}
	if err := releaseIdentifiers(c, group, uid, row); err != nil {
		return err
	}
	if err := deleteAccountsData(c, group, uid); err != nil {
		return err
	}
	_, err = deleteSessions(c, group, uid, store.Hash{})
	return err
}

// accountRow is the number of the account's row.
func accountRow(c *sqlite.Conn, group, uid string) (id int64, err error) {
	err = get(c, sqlAccountRow, func(b *binder) { b.text(group); b.text(uid) }, func(r *row) error { id = r.int(); return nil })
	return id, err
}

// has tells whether a query finds a row.
func has(c *sqlite.Conn, query string, bind func(b *binder)) (bool, error) {
	err := get(c, query, bind, func(*row) error { return nil })
	if err == store.ErrNotFound {
		return false, nil
	}
	return err == nil, err
}
