package store

import (
	"bytes"
	"encoding/binary"

	"github.com/doorward/doorward/internal/clock"
)

// AppendRecord writes everything that the record holds to dst. Two records have the same bytes if, and only if, they are equal: a
// document or list that is nil equals an empty one.
func AppendRecord(dst []byte, r Record) []byte { return r.appendContent(dst) }

// EqualRecords tells whether two records hold the same.
func EqualRecords(a, b Record) bool {
	return bytes.Equal(AppendRecord(nil, a), AppendRecord(nil, b))
}

// content is the form of records: each text is preceded by its length, each number has eight bytes.
type content []byte

func (c content) int(n int64) content         { return binary.BigEndian.AppendUint64(c, uint64(n)) }
func (c content) time(t clock.Millis) content { return c.int(int64(t)) }

func (c content) flags(flags ...bool) content {
	for _, f := range flags {
		b := byte(0)
		if f {
			b = 1
		}
		c = append(c, b)
	}
	return c
}

func (c content) times(times ...clock.Millis) content {
	for _, t := range times {
		c = c.time(t)
	}
	return c
}

// add writes texts or documents.
func add[T ~string | ~[]byte](c content, texts ...T) content {
	for _, t := range texts {
		c = append(c.int(int64(len(t))), t...)
	}
	return c
}

func (c content) list(texts []string) content { return add(c.int(int64(len(texts))), texts...) }

// Place implements [Record].
func (p *Partner) Place() Place { return Place{Kind: PartnerRecord, Number: p.ID} }

func (p *Partner) appendContent(c content) content {
	c = add(add(c.int(p.ID), p.Name), p.Secret, p.Previous).flags(p.Disabled).times(p.Created, p.PreviousUntil)
	return add(c, p.Config)
}

// Place implements [Record].
func (s *Site) Place() Place { return Place{Kind: SiteRecord, Texts: [4]string{s.APIKey}} }

func (s *Site) appendContent(c content) content {
	c = add(c.int(s.SiteID).int(s.Partner), s.APIKey, s.Group, s.BaseDomain, s.Description, s.DataCenter, s.Status)
	return add(c.list(s.TrustedSiteURLs).times(s.Created, s.Deleted), s.Settings, s.Policies, s.Schema, s.Config)
}

// Place implements [Record].
func (k *Key) Place() Place { return Place{Kind: KeyRecord, Texts: [4]string{k.UserKey}} }

func (k *Key) appendContent(c content) content {
	c = add(c.int(k.Partner), k.UserKey, k.Kind, k.Name, k.Description)
	c = add(c, []byte(k.Secret), k.PublicKey, k.Previous, []byte(k.Config)).list(k.Privileges).list(k.Sites)
	return c.flags(k.Disabled).times(k.Created, k.Revoked, k.PreviousUntil)
}

// Place implements [Record].
func (o *ConfigObject) Place() Place {
	return Place{Kind: ConfigObjectRecord, Texts: [4]string{o.Owner, o.Kind, o.Name}}
}

func (o *ConfigObject) appendContent(c content) content {
	c = add(add(c, o.Owner, o.Kind, o.Name), []byte(o.Document), o.Secrets)
	return c.times(o.Created, o.Updated)
}

// Place implements [Record].
func (k *SigningKey) Place() Place { return Place{Kind: SigningKeyRecord, Texts: [4]string{k.ID}} }

func (k *SigningKey) appendContent(c content) content {
	return add(add(c, k.ID), []byte(k.Private), k.Public).times(k.Created, k.Activates, k.Retired)
}

// Place implements [Record].
func (t *DataType) Place() Place {
	return Place{Kind: DataTypeRecord, Texts: [4]string{t.Group, t.Name}}
}

func (t *DataType) appendContent(c content) content {
	return add(add(c, t.Group, t.Name).int(t.Rev).time(t.Created), t.Schema)
}

// Place implements [Record].
func (a *Account) Place() Place {
	return Place{Kind: AccountRecord, Texts: [4]string{a.Group, a.UID}}
}

func (a *Account) appendContent(c content) content {
	c = add(c, a.Group, a.UID, a.LoginProvider, a.SocialProviders, a.RegSource).int(a.Rev).flags(a.IsActive, a.HasRegSource)
	c = c.times(a.Created, a.Registered, a.Verified, a.LastLogin, a.LastUpdated, a.OldestDataUpdated)
	c = add(c, a.Profile, a.Data, a.Preferences, a.Subscriptions, a.Internal, a.CustomIdentifiers, a.Emails, a.LoginIDs,
		a.Identities, a.More)
	s := &a.Secrets
	c = add(c, s.PasswordHash, s.SecretQuestion, s.SecretAnswerHash).list(s.PasswordHistory).flags(s.MustChangePassword)
	return c.times(s.PasswordCreated, s.LastFailedLogin, s.LockedUntil).int(int64(s.FailedLogins)).int(s.TokenEpoch)
}

// Place implements [Record].
func (i *OwnedIdentifier) Place() Place {
	return Place{Kind: IdentifierRecord, Texts: [4]string{i.Group, i.Space, i.Value}}
}

func (i *OwnedIdentifier) appendContent(c content) content {
	return add(c, i.Group, i.Space, i.Value, i.UID)
}

// Place implements [Record].
func (s *Session) Place() Place {
	return Place{Kind: SessionRecord, Texts: [4]string{s.Group, s.UID, string(s.Hash[:])}}
}

func (s *Session) appendContent(c content) content {
	c = add(add(c, s.Hash[:]), s.Group, s.UID, s.Site, s.Provider, s.ClientIP, s.UserAgent)
	return c.flags(s.Mobile, s.Dynamic).times(s.Created, s.Expires)
}

// Place implements [Record].
func (o *DataObject) Place() Place {
	return Place{Kind: DataObjectRecord, Texts: [4]string{o.Group, o.Type, o.OID, o.UID}}
}

func (o *DataObject) appendContent(c content) content {
	c = add(c, o.Group, o.Type, o.OID, o.UID).int(o.Rev).times(o.Created, o.LastUpdated)
	return add(add(c, o.Data), JoinHashes(o.Unique))
}

// Place implements [Record].
func (m *Mark) Place() Place {
	return Place{Kind: MarkRecord, Texts: [4]string{m.Space, string(m.Hash[:])}}
}

func (m *Mark) appendContent(c content) content {
	return add(add(c, m.Space), m.Hash[:]).time(m.Until)
}

// Place implements [Record].
func (m *Moment) Place() Place {
	return Place{Kind: AuditRecord, Texts: [4]string{m.APIKey}, Number: int64(m.Time)}
}

func (m *Moment) appendContent(c content) content {
	c = add(c, m.APIKey).time(m.Time).int(int64(len(m.Audits)))
	for _, a := range m.Audits {
		c = add(a.appendContent(c), a.Link.Chain).int(a.Link.Number)
		c = add(c, a.Link.Prev[:], a.Link.MAC[:])
	}
	return c
}

// appendContent writes everything but the place in the chain.
func (a *Audit) appendContent(c content) content {
	c = add(c, a.CallID, a.APIKey, a.Method, a.UserKey, a.UID).time(a.Time).int(int64(a.ErrorCode)).int(a.Partner)
	return add(c, a.Record)
}

// Place implements [Record].
func (c *AuditChain) Place() Place {
	return Place{Kind: AuditChainRecord, Texts: [4]string{c.Name}}
}

func (c *AuditChain) appendContent(dst content) content {
	dst = c.appendMeaning(dst)
	return add(dst, c.Seal[:])
}

// appendMeaning writes everything but the Seal.
func (c *AuditChain) appendMeaning(dst content) content {
	dst = add(dst, c.Name).int(c.Partner).time(c.Opened).int(c.Removed).int(c.Head).flags(c.Ended)
	return add(dst, c.RemovedMAC[:], c.HeadMAC[:])
}

// Place implements [Record].
func (v *Version) Place() Place { return Place{Kind: VersionRecord} }

func (v *Version) appendContent(c content) content { return c.int(v.Value) }
