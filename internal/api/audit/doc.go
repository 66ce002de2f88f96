// Package audit holds the methods of the namespace audit: the search in the audit log. What is recorded is said by
// internal/audit.
package audit
