// Package site keeps partners, sites, groups and keys ready for the calls that need them.
//
// [Directory] is the one way to them. It holds what it has read in memory and asks the store for its configuration
// version at each use: a change by any process is seen by the next call.
package site
