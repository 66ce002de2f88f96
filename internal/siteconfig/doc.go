// Package siteconfig keeps the configuration objects of sites and partners: screen-sets, webhooks, extensions, templates,
// access lists, and whatever else a namespace declares.
//
// A [Kind] declares what objects of one sort are: whose they are, what they may hold, which of it is secret, what a member
// of a site group takes over from its parent, and what is there before anything was stored. A [Book] reads and writes them:
//
//	stored ──fill in secrets──▶ own ──inherit, default──▶ what is in force
//	what a caller sends ──check──▶ whole ──take out secrets──▶ stored
//
// An object is JSON, and members that its kind does not know stay as they are. Secrets are taken out of it before it is
// stored and lie sealed beside it; a null keeps their place, so that what is read is what was written.
//
// Namespaces declare their kinds in a function Kinds, and the server puts the lists together: configuration as code and
// the console work on that list and on nothing else.
package siteconfig
