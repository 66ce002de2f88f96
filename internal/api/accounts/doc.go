// Package accounts holds the accounts.* methods, one file a method. Methods is their table.
//
// A handler reads as the rule does: check, decide, change in one transaction, answer. What an account is and what may
// become of it is package account's business; these files say what a caller may ask and what it is told.
package accounts
