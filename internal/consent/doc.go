// Package consent is what a site asks its users to agree to: consent statements, and the versions of their texts in each language.
//
// A [Kind] object is one statement: its switches, and under legalStatements the texts by language. A text has versions, known by
// numbers or by dates and never by both:
//
//	Draft ──publish──▶ Published ──another is published──▶ Historic
//
// Only drafts are changed and deleted: what people agreed to stays as it was. One version of a language is published at a time;
// currentDocVersion is the one that is shown, minDocVersion the oldest that an agreement may be to and still count.
//
// The package knows documents alone: who may change them, and where they are kept, is the business of the methods and of package
// siteconfig. Members that it does not know stay as they are.
package consent
