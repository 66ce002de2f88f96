package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/store"
)

// ChainKey is the label of the key that chains are sealed with, derived from the master key: who can write to the database and has not that
// key can make no record that verifies.
const ChainKey = "audit chain"

// PseudonymKey is the label of the key of pseudonyms.
const PseudonymKey = "audit pseudonym"

// Head is the end of a chain at some moment: kept elsewhere, it tells later what is missing.
type Head struct {
	Chain string `json:"chain"`
	// Number is that of the last record, MAC its MAC in hexadecimal digits.
	Number int64  `json:"number"`
	MAC    string `json:"mac"`
}

// Finding is the first that is wrong in a chain.
type Finding struct {
	Chain string
	// Number is the record at fault; 0: it is the chain itself.
	Number int64
	// What says what is wrong.
	What string
	// Record is what stands there; nil: nothing.
	Record *store.Audit
	// Unchecked: nobody knows whether anything is wrong, because the chain is not of the key.
	Unchecked bool
}

// String says it in a line, for people: what stands in the database may be anything.
func (f Finding) String() string {
	s := "chain " + f.Chain
	if f.Chain == "" {
		s = "records without a chain"
	}
	if f.Number != 0 {
		s += fmt.Sprintf(", record %d", f.Number)
	}
	s += ": " + f.What
	if f.Record != nil {
		s += fmt.Sprintf(" (%s %s, call %s, log %s)", f.Record.Time.ISO(), f.Record.Method, f.Record.CallID, f.Record.APIKey)
	}
	return plain.Text(s)
}

// Report is what Verify found.
type Report struct {
	// Chains and Records were looked at, records of chains that could not be checked left out. Removed records are no longer there
	// because their time is over. Chainless ones are of before there were chains: nothing protects them.
	Chains, Records, Removed, Chainless int64
	// Findings has the first of each chain at fault.
	Findings []Finding
	// Heads are the ends of the chains that could be checked.
	Heads []Head
}

// verifyPage is how many records one read takes: a long one would hold up what keeps the database small.
const verifyPage = 500

// Verify checks every chain of the log. The heads are those of an earlier report that was kept elsewhere, or none: records that
// were taken off the end of a chain since it was last looked at by its writer, and databases that were replaced by older
// ones, are noticed by them alone. It works on a database in use.
func Verify(ctx context.Context, r store.AuditReader, key []byte, heads []Head) (*Report, error) {
	report := &Report{}
	chains, err := r.AuditChains(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the chains: %w", err)
	}
	known := map[string]Head{}
	for _, h := range heads {
		known[h.Chain] = h
	}
	first := clock.Millis(math.MaxInt64)
	for _, chain := range chains {
		checked, err := verified(ctx, r, key, chain, known[chain.Name])
		if err != nil {
			return nil, err
		}
		delete(known, chain.Name)
		report.add(chain, checked)
		if chain.Signed(key) {
			first = min(first, chain.Opened)
		}
	}
	for _, h := range heads {
		if _, missing := known[h.Chain]; missing && h.Number > 0 {
			report.Findings = append(report.Findings, Finding{Chain: h.Chain, What: fmt.Sprintf("the whole chain is missing: it had %d records", h.Number)})
		}
	}
	err = r.ChainAudits(ctx, "", 0, math.MaxInt32, func(a *store.Audit) error {
		report.Chainless++
		if a.Time >= first && len(report.Findings) < maxFindings {
			report.Findings = append(report.Findings, Finding{Record: a, What: "it was inserted: since there are chains, every record is in one"})
			first = math.MaxInt64 // One of them is enough.
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the records without a chain: %w", err)
	}
	return report, nil
}

// maxFindings bounds a report.
const maxFindings = 1000

func (r *Report) add(chain *store.AuditChain, c *chainCheck) {
	r.Chains++
	if c.finding == nil || !c.finding.Unchecked {
		r.Records += c.records
		r.Removed += chain.Removed
		r.Heads = append(r.Heads, Head{Chain: chain.Name, Number: c.number, MAC: hex.EncodeToString(c.last[:])})
	}
	if c.finding != nil && len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, *c.finding)
	}
}

// chainCheck is a walk along one chain.
type chainCheck struct {
	key     []byte
	chain   *store.AuditChain
	known   Head
	number  int64
	last    store.Hash
	records int64
	finding *Finding
}

// looks bounds how often a chain is looked at because what the store says of it has changed meanwhile.
const looks = 100

// verified checks a chain. What is wrong is looked at again, with what the store then says of the chain, until that stays the same:
// records whose time is over may have been removed meanwhile.
func verified(ctx context.Context, r store.AuditReader, key []byte, chain *store.AuditChain, known Head) (c *chainCheck, err error) {
	for range looks {
		if c, err = walked(ctx, r, key, chain, known); err != nil || c.finding == nil {
			return c, err
		}
		chains, err := r.AuditChains(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the chains: %w", err)
		}
		i := slices.IndexFunc(chains, func(again *store.AuditChain) bool { return again.Name == chain.Name })
		if i < 0 || *chains[i] == *chain {
			break
		}
		*chain = *chains[i]
	}
	return c, nil
}

var errFound = errors.New("found")

func walked(ctx context.Context, r store.AuditReader, key []byte, chain *store.AuditChain, known Head) (*chainCheck, error) {
	c := &chainCheck{key: key, chain: chain, known: known, number: chain.Removed, last: chain.RemovedMAC}
	if !chain.Signed(key) {
		return c, c.unsigned(ctx, r)
	}
	// The first page begins before what was removed: that is where nothing may be any more.
	for after, n := int64(math.MinInt64), verifyPage; n == verifyPage; {
		n = 0
		err := r.ChainAudits(ctx, chain.Name, after, verifyPage, func(a *store.Audit) error {
			n++
			after = a.Link.Number
			if c.finding = c.look(a); c.finding != nil {
				return errFound
			}
			return nil
		})
		if errors.Is(err, errFound) {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading chain %s: %w", chain.Name, err)
		}
	}
	c.finding = c.end()
	return c, nil
}

// unsigned says why the chain is not signed by the key. That it is of another key nobody can tell for sure; that it is not, a record
// can, or an end that was noted elsewhere.
func (c *chainCheck) unsigned(ctx context.Context, r store.AuditReader) error {
	c.finding = &Finding{Chain: c.chain.Name, What: "what is known of the chain was altered"}
	if c.chain.Seal == (store.Hash{}) {
		c.finding.What = "it was inserted, or what was known of it was removed"
		return nil
	}
	ours := c.known.Number > 0
	for after, n := int64(math.MinInt64), verifyPage; n == verifyPage && !ours; {
		n = 0
		err := r.ChainAudits(ctx, c.chain.Name, after, verifyPage, func(a *store.Audit) error {
			n++
			c.records++
			after = a.Link.Number
			ours = ours || store.AuditMAC(c.key, a) == a.Link.MAC
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading chain %s: %w", c.chain.Name, err)
		}
	}
	if !ours {
		c.finding.Unchecked = true
		c.finding.What = fmt.Sprintf("it could not be checked: it was written under another master key, or all of it was altered (records: %d)", c.records)
	}
	return nil
}

// look takes the next record of the chain.
func (c *chainCheck) look(a *store.Audit) *Finding {
	wrong := func(number int64, record *store.Audit, what string, args ...any) *Finding {
		return &Finding{Chain: c.chain.Name, Number: number, Record: record, What: fmt.Sprintf(what, args...)}
	}
	number := a.Link.Number
	switch {
	case number <= c.number:
		return wrong(number, a, "it was inserted: the number is that of another record")
	case number > c.number+1:
		return wrong(c.number+1, nil, "%s removed", records(c.number+1, number-1))
	case store.AuditMAC(c.key, a) != a.Link.MAC:
		return wrong(number, a, "it was altered, or inserted in the place of another")
	case a.Link.Prev != c.last:
		return wrong(number, a, "it does not follow the record before it, which was exchanged")
	case a.Partner != c.chain.Partner:
		return wrong(number, a, "it is in the chain of another partner")
	case number == c.known.Number && hex.EncodeToString(a.Link.MAC[:]) != c.known.MAC:
		return wrong(number, a, "it is another record than was noted before")
	case number == c.chain.Head && a.Link.MAC != c.chain.HeadMAC:
		return wrong(number, a, "it is another record than its writer noted")
	}
	c.number, c.last = number, a.Link.MAC
	c.records++
	return nil
}

// end looks whether the chain ends where it must.
func (c *chainCheck) end() *Finding {
	if last := max(c.chain.Head, c.known.Number); c.number < last {
		return &Finding{Chain: c.chain.Name, Number: c.number + 1, What: records(c.number+1, last) + " removed from the end"}
	}
	return nil
}

// records names the records from the first, which the finding names, to the last, with the verb that follows.
func records(first, last int64) string {
	if first == last {
		return "it was"
	}
	return fmt.Sprintf("records %d to %d were", first, last)
}
