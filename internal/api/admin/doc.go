// Package admin holds the admin.* methods, one file a method: partners, sites, user keys and applications, permission groups and
// ACLs, and what the console asks. Methods is their table.
//
// Every one wants a server credential: a user key or application, or the partner's secret beside an apiKey. Calls about a partner
// name it with partnerID and need no apiKey; whoever acts for another partner is told what somebody without any right is told.
// Nobody gives away, or takes over, more rights than they hold (grant.go), and the group _admins is never left without a key that
// can call (admins.go).
//
// The reference of these methods was never public. What is here follows the calls and recorded answers of the original's own tools;
// methods that no source names are extensions of this server and say so.
package admin
