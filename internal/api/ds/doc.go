// Package ds is the namespace ds.*: the data store, objects without a fixed form beside the accounts. Each file is one method,
// named like it; each method is also served under its first name, gcs.*.
//
// An object is found by its type and its oid or, if it belongs to an account, by these and the UID. What fields mean, who may
// write them and which values are unique is the schema of the type (package schema); package search runs the queries.
package ds
