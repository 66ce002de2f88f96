package sqlite

import (
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	sqlConfigVersion     = `SELECT value FROM meta WHERE name = 'config_version'`
	sqlBumpConfigVersion = `UPDATE meta SET value = value + 1 WHERE name = 'config_version'`

	partnerColumns = `id, name, secret, disabled, created, previous, previous_until, config`
	sqlPartner     = `SELECT ` + partnerColumns + ` FROM partners WHERE id = ?`
	sqlPartners    = `SELECT ` + partnerColumns + ` FROM partners ORDER BY created, id`
	sqlPutPartner  = `INSERT INTO partners (` + partnerColumns + `) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
		name = excluded.name, secret = excluded.secret, disabled = excluded.disabled, created = excluded.created,
		previous = excluded.previous, previous_until = excluded.previous_until, config = excluded.config`

	siteColumns = `api_key, site_id, partner, grp, base_domain, description, data_center, trusted_urls, status, created,
		settings, policies, schema, config, deleted`
	sqlSite     = `SELECT ` + siteColumns + ` FROM sites WHERE api_key = ?`
	sqlSites    = `SELECT ` + siteColumns + ` FROM sites WHERE partner = ? ORDER BY created, id`
	sqlAllSites = `SELECT ` + siteColumns + ` FROM sites ORDER BY created, id`
	sqlPutSite  = `INSERT INTO sites (` + siteColumns + `) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (api_key) DO UPDATE SET
		site_id = excluded.site_id, partner = excluded.partner, grp = excluded.grp, base_domain = excluded.base_domain,
		description = excluded.description, data_center = excluded.data_center, trusted_urls = excluded.trusted_urls,
		status = excluded.status, created = excluded.created, settings = excluded.settings, policies = excluded.policies,
		schema = excluded.schema, config = excluded.config, deleted = excluded.deleted`

	keyColumns = `user_key, partner, kind, name, description, secret, public_key, privileges, sites, disabled, created,
		revoked, previous, previous_until, config`
	sqlKey     = `SELECT ` + keyColumns + ` FROM keys WHERE user_key = ?`
	sqlKeys    = `SELECT ` + keyColumns + ` FROM keys WHERE partner = ? ORDER BY created, id`
	sqlAllKeys = `SELECT ` + keyColumns + ` FROM keys ORDER BY created, id`
	sqlPutKey  = `INSERT INTO keys (` + keyColumns + `) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (user_key) DO UPDATE SET
		partner = excluded.partner, kind = excluded.kind, name = excluded.name, description = excluded.description,
		secret = excluded.secret, public_key = excluded.public_key, privileges = excluded.privileges,
		sites = excluded.sites, disabled = excluded.disabled, created = excluded.created, revoked = excluded.revoked,
		previous = excluded.previous, previous_until = excluded.previous_until, config = excluded.config`

	signingKeyColumns = `kid, private, public, created, activates, retired`
	sqlSigningKeys    = `SELECT ` + signingKeyColumns + ` FROM signing_keys ORDER BY created, id`
	sqlPutSigningKey  = `INSERT INTO signing_keys (` + signingKeyColumns + `) VALUES (?,?,?,?,?,?)
		ON CONFLICT (kid) DO UPDATE SET private = excluded.private, public = excluded.public,
		created = excluded.created, activates = excluded.activates, retired = excluded.retired`
	sqlDeleteSigningKey = `DELETE FROM signing_keys WHERE kid = ?`
)

func noParameters(*binder) {}

func configVersion(c *sqlite.Conn) (int64, error) {
	var version int64
	err := get(c, sqlConfigVersion, noParameters, func(r *row) error { version = r.int(); return nil })
	return version, err
}

// putConfiguration runs a statement that changes a record of the configuration, and raises the version in the same
// transaction.
func putConfiguration(c *sqlite.Conn, query string, bind func(b *binder)) error {
	if _, err := exec(c, query, bind); err != nil {
		return err
	}
	_, err := exec(c, sqlBumpConfigVersion, noParameters)
	return err
}

func getPartner(c *sqlite.Conn, id int64) (*store.Partner, error) {
	p := new(store.Partner)
	err := get(c, sqlPartner, func(b *binder) { b.int(id) }, func(r *row) error { return scanPartner(r, p) })
	if err != nil {
		return nil, err
	}
	return p, nil
}

func scanPartner(r *row, p *store.Partner) error {
	p.ID = r.int()
	p.Name = r.text()
	p.Secret = r.blob()
	p.Disabled = r.bool()
	p.Created = r.time()
	p.Previous = r.blob()
	p.PreviousUntil = r.time()
	p.Config = r.doc()
	return nil
}

func putPartner(c *sqlite.Conn, p *store.Partner) error {
	return putConfiguration(c, sqlPutPartner, func(b *binder) { bindPartner(b, p) })
}

func bindPartner(b *binder, p *store.Partner) {
	b.int(p.ID)
	b.text(p.Name)
	b.blob(p.Secret)
	b.bool(p.Disabled)
	b.time(p.Created)
	b.blob(p.Previous)
	b.time(p.PreviousUntil)
	b.doc(p.Config)
}

func getSite(c *sqlite.Conn, apiKey string) (*store.Site, error) {
	s := new(store.Site)
	err := get(c, sqlSite, func(b *binder) { b.text(apiKey) }, func(r *row) error { return scanSite(r, s) })
	if err != nil {
		return nil, err
	}
	return s, nil
}

func scanSite(r *row, s *store.Site) (err error) {
	s.APIKey = r.text()
	s.SiteID = r.int()
	s.Partner = r.int()
	s.Group = r.text()
	s.BaseDomain = r.text()
	s.Description = r.text()
	s.DataCenter = r.text()
	if s.TrustedSiteURLs, err = r.list(); err != nil {
		return err
	}
	s.Status = r.text()
	s.Created = r.time()
	r.docs(&s.Settings, &s.Policies, &s.Schema, &s.Config)
	s.Deleted = r.time()
	return nil
}

// sites lists the sites of a partner; of all for 0.
func sites(c *sqlite.Conn, partner int64) ([]*store.Site, error) {
	if partner == 0 {
		return records(c, sqlAllSites, noParameters, scanSite)
	}
	return records(c, sqlSites, func(b *binder) { b.int(partner) }, scanSite)
}

func putSite(c *sqlite.Conn, s *store.Site) error {
	return putConfiguration(c, sqlPutSite, func(b *binder) { bindSite(b, s) })
}

func bindSite(b *binder, s *store.Site) {
	b.text(s.APIKey)
	b.int(s.SiteID)
	b.int(s.Partner)
	b.text(s.Group)
	b.text(s.BaseDomain)
	b.text(s.Description)
	b.text(s.DataCenter)
	b.list(s.TrustedSiteURLs)
	b.text(s.Status)
	b.time(s.Created)
	b.doc(s.Settings)
	b.doc(s.Policies)
	b.doc(s.Schema)
	b.doc(s.Config)
	b.time(s.Deleted)
}

func getKey(c *sqlite.Conn, userKey string) (*store.Key, error) {
	k := new(store.Key)
	err := get(c, sqlKey, func(b *binder) { b.text(userKey) }, func(r *row) error { return scanKey(r, k) })
	if err != nil {
		return nil, err
	}
	return k, nil
}

func scanKey(r *row, k *store.Key) (err error) {
	k.UserKey = r.text()
	k.Partner = r.int()
	k.Kind = r.text()
	k.Name = r.text()
	k.Description = r.text()
	k.Secret = r.blob()
	k.PublicKey = r.blob()
	if k.Privileges, err = r.list(); err != nil {
		return err
	}
	if k.Sites, err = r.list(); err != nil {
		return err
	}
	k.Disabled = r.bool()
	k.Created = r.time()
	k.Revoked = r.time()
	k.Previous = r.blob()
	k.PreviousUntil = r.time()
	k.Config = r.doc()
	return nil
}

// keys lists the keys of a partner; of all for 0.
func keys(c *sqlite.Conn, partner int64) ([]*store.Key, error) {
	if partner == 0 {
		return records(c, sqlAllKeys, noParameters, scanKey)
	}
	return records(c, sqlKeys, func(b *binder) { b.int(partner) }, scanKey)
}

func putKey(c *sqlite.Conn, k *store.Key) error {
	return putConfiguration(c, sqlPutKey, func(b *binder) { bindKey(b, k) })
}

func bindKey(b *binder, k *store.Key) {
	b.text(k.UserKey)
	b.int(k.Partner)
	b.text(k.Kind)
	b.text(k.Name)
	b.text(k.Description)
	b.blob(k.Secret)
	b.blob(k.PublicKey)
	b.list(k.Privileges)
	b.list(k.Sites)
	b.bool(k.Disabled)
	b.time(k.Created)
	b.time(k.Revoked)
	b.blob(k.Previous)
	b.time(k.PreviousUntil)
	b.doc(k.Config)
}

func signingKeys(c *sqlite.Conn) ([]*store.SigningKey, error) {
	return records(c, sqlSigningKeys, noParameters, scanSigningKey)
}

func scanSigningKey(r *row, k *store.SigningKey) error {
	k.ID = r.text()
	k.Private = r.blob()
	k.Public = r.blob()
	k.Created = r.time()
	k.Activates = r.time()
	k.Retired = r.time()
	return nil
}

func putSigningKey(c *sqlite.Conn, k *store.SigningKey) error {
	return putConfiguration(c, sqlPutSigningKey, func(b *binder) { bindSigningKey(b, k) })
}

func bindSigningKey(b *binder, k *store.SigningKey) {
	b.text(k.ID)
	b.stmt.BindBytes(b.next(), k.Private)
	b.stmt.BindBytes(b.next(), k.Public)
	b.time(k.Created)
	b.time(k.Activates)
	b.time(k.Retired)
}

func deleteSigningKey(c *sqlite.Conn, id string) error {
	return putConfiguration(c, sqlDeleteSigningKey, func(b *binder) { b.text(id) })
}

// records collects the rows of a query.
func records[T any](c *sqlite.Conn, query string, bind func(b *binder), scan func(r *row, t *T) error) ([]*T, error) {
	var all []*T
	err := list(c, query, bind, func(r *row) error {
		t := new(T)
		all = append(all, t)
		return scan(r, t)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
