package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlConfigVersion     = `SELECT value FROM meta WHERE name = 'config_version'`
	sqlBumpConfigVersion = `UPDATE meta SET value = value + 1 WHERE name = 'config_version' RETURNING value`

	partnerColumns = `id, name, secret, disabled, created, previous, previous_until, config`
	sqlPartner     = `SELECT ` + partnerColumns + ` FROM partners WHERE id = $1`
	sqlPartners    = `SELECT ` + partnerColumns + ` FROM partners ORDER BY created, id`
	sqlPutPartner  = `INSERT INTO partners (` + partnerColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET
		name = excluded.name, secret = excluded.secret, disabled = excluded.disabled, created = excluded.created,
		previous = excluded.previous, previous_until = excluded.previous_until, config = excluded.config`

	siteColumns = `api_key, site_id, partner, grp, base_domain, description, data_center, trusted_urls, status, created,
		settings, policies, schema, config, deleted`
	sqlSite     = `SELECT ` + siteColumns + ` FROM sites WHERE api_key = $1`
	sqlSites    = `SELECT ` + siteColumns + ` FROM sites WHERE partner = $1 ORDER BY created, api_key`
	sqlAllSites = `SELECT ` + siteColumns + ` FROM sites ORDER BY created, api_key`
	sqlPutSite  = `INSERT INTO sites (` + siteColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (api_key) DO UPDATE SET
		site_id = excluded.site_id, partner = excluded.partner, grp = excluded.grp, base_domain = excluded.base_domain,
		description = excluded.description, data_center = excluded.data_center, trusted_urls = excluded.trusted_urls,
		status = excluded.status, created = excluded.created, settings = excluded.settings, policies = excluded.policies,
		schema = excluded.schema, config = excluded.config, deleted = excluded.deleted`

	keyColumns = `user_key, partner, kind, name, description, secret, public_key, privileges, sites, disabled, created,
		revoked, previous, previous_until, config`
	sqlKey     = `SELECT ` + keyColumns + ` FROM keys WHERE user_key = $1`
	sqlKeys    = `SELECT ` + keyColumns + ` FROM keys WHERE partner = $1 ORDER BY created, user_key`
	sqlAllKeys = `SELECT ` + keyColumns + ` FROM keys ORDER BY created, user_key`
	sqlPutKey  = `INSERT INTO keys (` + keyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (user_key) DO UPDATE SET
		partner = excluded.partner, kind = excluded.kind, name = excluded.name, description = excluded.description,
		secret = excluded.secret, public_key = excluded.public_key, privileges = excluded.privileges,
		sites = excluded.sites, disabled = excluded.disabled, created = excluded.created, revoked = excluded.revoked,
		previous = excluded.previous, previous_until = excluded.previous_until, config = excluded.config`

	signingKeyColumns = `kid, private, public, created, activates, retired`
	sqlSigningKeys    = `SELECT ` + signingKeyColumns + ` FROM signing_keys ORDER BY created, kid`
	sqlPutSigningKey  = `INSERT INTO signing_keys (` + signingKeyColumns + `) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (kid) DO UPDATE SET private = excluded.private, public = excluded.public,
		created = excluded.created, activates = excluded.activates, retired = excluded.retired`
	sqlDeleteSigningKey = `DELETE FROM signing_keys WHERE kid = $1`
)

func configVersion(ctx context.Context, c *conn) (version int64, err error) {
	err = get(ctx, c, sqlConfigVersion, nil, &version)
	return version, err
}

// putConfiguration runs a statement that changes a record of the configuration, and raises the version in the same
// transaction.
func putConfiguration(ctx context.Context, c *conn, sql string, args ...any) (version int64, err error) {
	if _, err := exec(ctx, c, sql, args...); err != nil {
		return 0, err
	}
	err = get(ctx, c, sqlBumpConfigVersion, nil, &version)
	return version, err
}

func getPartner(ctx context.Context, c *conn, id int64) (*store.Partner, error) {
	return record(ctx, c, sqlPartner, []any{id}, scanPartner)
}

func scanPartner(r pgx.Row, p *store.Partner) error {
	return r.Scan(&p.ID, &p.Name, (*[]byte)(&p.Secret), &p.Disabled, timeAt(&p.Created),
		(*[]byte)(&p.Previous), timeAt(&p.PreviousUntil), docAt(&p.Config))
}

func putPartner(ctx context.Context, c *conn, p *store.Partner) (int64, error) {
	return putConfiguration(ctx, c, sqlPutPartner, partnerValues(p)...)
}

func partnerValues(p *store.Partner) []any {
	return []any{p.ID, text(p.Name), bytesOf(p.Secret), p.Disabled, millis(p.Created),
		bytesOf(p.Previous), millis(p.PreviousUntil), doc(p.Config)}
}

func getSite(ctx context.Context, c *conn, apiKey string) (*store.Site, error) {
	if !storable(apiKey) {
		return nil, store.ErrNotFound
	}
	return record(ctx, c, sqlSite, []any{apiKey}, scanSite)
}

func scanSite(r pgx.Row, s *store.Site) error {
	var urls []byte
	err := r.Scan(&s.APIKey, &s.SiteID, &s.Partner, &s.Group, &s.BaseDomain, &s.Description, &s.DataCenter, &urls, &s.Status,
		timeAt(&s.Created), docAt(&s.Settings), docAt(&s.Policies), docAt(&s.Schema), docAt(&s.Config),
		timeAt(&s.Deleted))
	if err != nil {
		return err
	}
	return readList(urls, &s.TrustedSiteURLs)
}

// sites lists the sites of a partner; of all for 0.
func sites(ctx context.Context, c *conn, partner int64) ([]*store.Site, error) {
	if partner == 0 {
		return records(ctx, c, sqlAllSites, nil, scanSite)
	}
	return records(ctx, c, sqlSites, []any{partner}, scanSite)
}

func putSite(ctx context.Context, c *conn, s *store.Site) (int64, error) {
	return putConfiguration(ctx, c, sqlPutSite, siteValues(s)...)
}

func siteValues(s *store.Site) []any {
	return []any{s.APIKey, s.SiteID, s.Partner, text(s.Group), text(s.BaseDomain), text(s.Description),
		text(s.DataCenter), list(s.TrustedSiteURLs), text(s.Status), millis(s.Created), doc(s.Settings), doc(s.Policies), doc(s.Schema),
		doc(s.Config), millis(s.Deleted)}
}

func getKey(ctx context.Context, c *conn, userKey string) (*store.Key, error) {
	if !storable(userKey) {
		return nil, store.ErrNotFound
	}
	return record(ctx, c, sqlKey, []any{userKey}, scanKey)
}

func scanKey(r pgx.Row, k *store.Key) error {
	var privileges, sites []byte
	err := r.Scan(&k.UserKey, &k.Partner, &k.Kind, &k.Name, &k.Description, (*[]byte)(&k.Secret), &k.PublicKey, &privileges, &sites,
		&k.Disabled, timeAt(&k.Created), timeAt(&k.Revoked), (*[]byte)(&k.Previous), timeAt(&k.PreviousUntil), docAt(&k.Config))
	if err != nil {
		return err
	}
	if err := readList(privileges, &k.Privileges); err != nil {
		return err
	}
	return readList(sites, &k.Sites)
}

// keys lists the keys of a partner; of all for 0.
func keys(ctx context.Context, c *conn, partner int64) ([]*store.Key, error) {
	if partner == 0 {
		return records(ctx, c, sqlAllKeys, nil, scanKey)
	}
	return records(ctx, c, sqlKeys, []any{partner}, scanKey)
}

func putKey(ctx context.Context, c *conn, k *store.Key) (int64, error) {
	return putConfiguration(ctx, c, sqlPutKey, keyValues(k)...)
}

func keyValues(k *store.Key) []any {
	return []any{k.UserKey, k.Partner, text(k.Kind), text(k.Name), text(k.Description), bytesOf(k.Secret),
		bytesOf(k.PublicKey), list(k.Privileges), list(k.Sites), k.Disabled, millis(k.Created), millis(k.Revoked),
		bytesOf(k.Previous), millis(k.PreviousUntil), doc(k.Config)}
}

func signingKeys(ctx context.Context, c *conn) ([]*store.SigningKey, error) {
	return records(ctx, c, sqlSigningKeys, nil, scanSigningKey)
}

func scanSigningKey(r pgx.Row, k *store.SigningKey) error {
	return r.Scan(&k.ID, (*[]byte)(&k.Private), &k.Public, timeAt(&k.Created), timeAt(&k.Activates), timeAt(&k.Retired))
}

func putSigningKey(ctx context.Context, c *conn, k *store.SigningKey) (int64, error) {
	return putConfiguration(ctx, c, sqlPutSigningKey, signingKeyValues(k)...)
}

func signingKeyValues(k *store.SigningKey) []any {
	return []any{k.ID, append([]byte{}, k.Private...), append([]byte{}, k.Public...),
		millis(k.Created), millis(k.Activates), millis(k.Retired)}
}

func deleteSigningKey(ctx context.Context, c *conn, id string) (int64, error) {
	return putConfiguration(ctx, c, sqlDeleteSigningKey, id)
}
