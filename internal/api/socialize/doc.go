// Package socialize holds the socialize.* methods that still matter: device ids, the classic OAuth 2 token call, logins
// that a site vouches for, and the older names of things that accounts.* does, too. Methods is their table.
package socialize
