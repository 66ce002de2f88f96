// Package schema is a site's account schema: which fields there are, of which type and format, who may write them, which
// are required.
//
// The defaults are defaults.json, the recorded schema of a new site. A site stores only what was set for it, and which
// fields of the dynamic data schema came into being by being written:
//
//	stored ──Parse──▶ Schema (checks of writes, documents that getSchema returns)
//	stored + what setSchema sent ──Merge──▶ stored
//	stored + data of a server ──Schema.Extend──▶ stored
//
// A type of the data store has a schema of its own, [ObjectSchema], without defaults and with unique values. It is written
// in the same way: MergeObjectSchema, RetireFields, and ObjectSchema.Write, which also makes the change of the object.
//
// # Paths
//
// profileSchema, dataSchema, internalSchema and preferencesSchema have flat dotted paths ("work.company"). A path is a
// leaf or has leaves below it, never both. subscriptionsSchema and addressesSchema are nested, name and channel, kind of
// address and field. An array of objects is declared by the paths of its members: profile.phones is one object or several,
// and phones.number is checked in each. A data field of a simple type may hold an array of that type.
//
// # Formats
//
// The format regex('…') is checked against the whole value. Package pattern says which expressions can be run: nearly
// all that Go's engine knows, and look-ahead at the beginning, which the default format of profile.email needs. What
// cannot be run is refused by Merge with 400006, so that no stored format is without effect. The format true, for
// booleans, demands the value true.
package schema
