// Package acl is the language of rights: what an access control list says, and what a caller may do who holds some.
//
// A list ([List], read by [Parse]) is a JSON object as the original exports it:
//
//	{
//	  "_api":  {"accounts": {"search": {"_ace": {"perms": "x"}, "openCursor": {"_ace": {"perms": "-x"}}}}},
//	  "_data": {"accounts": {"account": {"profile": {"_ace": {"perms": "rw"}}}}},
//	  "_inherit": ["_basicSiteAccess"]
//	}
//
// _api names methods (namespace, which is everything before the last dot, then the method) and, within them, parameters.
// _data names fields of accounts, path by path. _inherit names privileges, the lists that are built in ([Privileges]); a
// name that is not known is kept and of no effect. An entry _ace may stand at every level: the deeper one counts.
//
// # What is evaluated how
//
//   - Within a list, what it says itself beats what it inherits: x gives the method anew, without the limits that an
//     inherited privilege puts on parameters; -x takes it away.
//   - Lists add up: a call is allowed if one of them allows it with all its values. A parameter is withheld only where
//     every list that allows the call withholds it. So their order does not matter, and one more never takes away a call
//     that is allowed as it is sent; and what two lists allow in different calls never meets in one: a call with two
//     parameters, each of which another list withholds, is refused.
//   - A parameter that no entry names is allowed when its method is.
//   - Fields that no entry of _data names are hidden, and so are all of them from a caller without such an entry.
//
// [Compile] makes the rights of a caller ([Rights]) of the lists that it holds at one place: a site, or the partner
// itself ([Scope]). Asking them whether a method may be called is one look into a table and allocates nothing.
package acl
