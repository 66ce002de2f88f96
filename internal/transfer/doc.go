// Package transfer moves accounts between files and the store.
//
// A file holds a row an account, as NDJSON (an object a line), an array of JSON objects, or CSV (a header of dotted paths),
// in UTF-8. What a row may have and how it is checked is package intake's business, which calls of the API go through as
// well; docs/moving.md lists the members.
//
// [Importer.ImportAll] reads a file in order: several goroutines prepare batches of rows, one writes them, many rows in a
// transaction. A row that is refused changes nothing and stops nothing: an account that cannot be written takes back what it
// claimed, so that the transaction goes on without it. After each transaction the caller is told how far the import has
// come, and a later run goes on behind that.
//
// [Export] writes what is stored and nothing that is worked out from it. With [Secrets] an import into an empty
// installation makes the same accounts of it, and the next export has the same bytes; such a file is to be sealed (package
// seal).
package transfer
