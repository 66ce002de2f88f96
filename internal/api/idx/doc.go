// Package idx is the namespace idx.*: dataflows, which read, change and write records in steps, and the schedulings that run them.
// Each file is one method, named like it.
//
// Both are stored and found again; they are not run yet. A dataflow is a document of the caller's, and the server adds what it knows
// of it: whose it is, its id, its version and its times. Drafts are dataflows beside, with ids of their own.
//
// # Secrets
//
// What a step logs in elsewhere with must not lie open in the database and does not leave the server again. A parameter of a step is
// taken for a secret by its name, at any depth and in any letter case: see secretNames. It lies sealed beside the document, answers
// have ******** in its place, and who sends ******** keeps what is stored.
package idx
