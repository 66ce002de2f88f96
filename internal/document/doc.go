// Package document holds JSON documents whose members keep their order: profiles, data, preferences, policies.
//
// There are two ways to a document. [ParseObject] builds a tree of [Object] and [Value] that can be changed and written
// again; numbers keep their text, so that a 64-bit identifier or 1.10 comes back as it went in. [Member], [Members],
// [Elements] and [Check] walk over the text itself and build nothing: they are for the hot paths, where a stored document
// is only looked into.
//
// # What changes a document
//
// The wire knows two kinds of partial update, and this package has one function for each:
//
//   - [MergeDeep] is how data are written: objects are merged member by member at every depth, everything else (arrays too)
//     replaces what was there, null removes the field, and a dotted name in the patch ("loyalty.tier") names a nested field.
//   - [MergeFlat] is how the profile is written: its fields are merged, but a field that is an object or an array is
//     replaced whole, and null removes the field.
//
// In both a field that the patch does not name stays as it is.
//
// # Bounds
//
// Nesting is limited to [MaxDepth], so that recursion is. Time and memory are linear in the length of the text; the caller
// limits that. No input makes the package panic. Names are only names: "__proto__" and "constructor" have no meaning here.
package document
