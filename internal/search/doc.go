// Package search is what the searching methods of all namespaces share: from the text of a query to the members of the
// answer.
//
//	text ── query.Parse ──> tree ── Prepare ──> checked against the fields of a Source ── Run ──> rows, groups or numbers
//
// A [Source] is what FROM names. It knows its fields, and hands over rows that satisfy a condition: a page of them in an
// order, or the values of a few fields of all of them. What can be answered from an index is the source's business;
// aggregates, GROUP BY, FILTER and the form of results are made here, alike for every source and every storage driver.
// A store that can do no more than walk rows by their keys is made a source by [Scan].
//
// Full and lite accounts are two groups in the store: a source over both is put together from one search of each.
//
// Memory is bounded: a page has at most [MaxLimit] rows, a query at most [MaxGroups] groups; what is aggregated is streamed.
//
// [Searches] is the part that a method needs: it reads the query or the cursor, keeps the time, and writes the answer.
package search
