// Package server is the wiring: it puts store, rooms and methods together to one server, and opens its doors.
//
// [New] builds a [Server] over an open store: Handler answers calls, OpsHandler the questions of operators (is it alive,
// is it ready, how does it do). [Listen] binds addresses; Serve answers on them until its context ends, and then finishes
// what was accepted.
package server
