// Package blueprint is configuration as code: all that a partner and its sites are configured with, as files that people read,
// review and keep under version control.
//
//	store ──state──▶ Tree ──Files──▶ files ──edit──▶ files ──Read──▶ Tree ──Plan, Apply──▶ store
//
// A [Tree] has an [Owner] for each partner and each site, and an owner has objects: site, settings, policies and schema, which lie in
// the site's record, and those of every [siteconfig.Kind] that it is given. A part of the product that declares a Kind is carried
// without another line here.
//
// One file holds one object, JSON with its members in the order in which they are stored. Texts of several lines lie beside it in files
// of their own, and the JSON says ${FILE:name}. What must not lie open is never written: in its place is ${ENV:NAME}, which is taken from
// the environment, or else stays what is stored.
//
// A file is the whole truth about its object. An object without a file stays, unless it is asked to be removed. What the files say goes
// through the checks of the methods that set the same things, in one transaction for everything: a plan is that transaction, undone at
// its end, and whatever is wrong anywhere changes nothing. Accounts are not touched.
package blueprint
