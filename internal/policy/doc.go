// Package policy is a site's policies: the product's defaults, what the site set on top of them, and the values that the
// rest of the server asks for.
//
// A policy document has one member for each group (registration, accountOptions …). The defaults are defaults.json: what
// four recorded exports of new sites show, all alike, and in their order. A site stores only what was set for it; what is
// in force is the one laid over the other, member by member:
//
//	stored ──Parse──▶ Policies (values, and the documents that getPolicies returns)
//	stored + what setPolicies sent ──Merge──▶ stored
//
// A member of a site group has its parent's policies below its own (ParseMember, MergeMember), and cannot set what the table
// says is the group's. The mails of the groups have default texts (mails.json), which getPolicies shows; a few groups are of
// mails alone and shown by accounts.policies.emailTemplates.getConfig (Policies.Mails).
//
// Which members a group has, of which type and within which bounds, is one table (rules.go). Members that it does not
// name are ignored, because tools that were written for other versions send them; a member that it names is either
// valid, or the whole change is refused.
package policy
