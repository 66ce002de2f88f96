// Package dataobject is what an object of the data store must be: its names, its bounds, and how a write changes it. Calls of
// ds.* and rows of files go by the same rules.
//
// A write is worked out first, on what was read of the object and its type, and then put in a transaction, which says
// [store.ErrConflict] and its like if it does not stand on what is there any more.
package dataobject
