// Package audit records who did what.
//
// [Audited] is the rule of what leaves a record, [Call.Record] the record itself in the form that audit.search shows, and
// [Writer] takes records to the store: at once and for sure for what changed something, in batches for what was read.
// Records are chained by package store: [Verify] tells whether one was altered, removed or inserted. [View] tells a record in
// words.
//
// No record holds a secret, a password, a token or a code: [Sensitive] names the parameters whose values are never
// written down, not even as hashes.
package audit
