package store

// LiteSpace holds the e-mail addresses of lite accounts, in the group that [LiteGroup] names. They are no login
// identifiers: a full account may have the same address.
const LiteSpace = "lite"

// liteSuffix cannot be the end of an API key.
const liteSuffix = "/lite"

// LiteGroup returns the group whose accounts are the lite accounts of a user base: what a site knows of people who gave
// an address and never registered. They are records like others in every driver, with their own keys beside those of the
// full accounts, so that no search over full accounts has to pass over them, and none of their addresses is in anybody's
// way at a registration. A lite account has its address in Emails, no login identifier, no password and no session.
func LiteGroup(group string) string { return group + liteSuffix }
