// Package method is what a method is: its declaration, the binding of its parameters, the call that a handler sees.
//
// A method is declared once, with [New]: a [Spec], a struct of typed parameters and a handler. All else is derived from
// it when the server starts: which parameters are known, how they are parsed and bounded, which of them only server calls
// may use. During a call reflection does one thing: it finds the field of each parameter that was sent.
//
// A parameter is a field of the struct with a tag `param:"name"`, options after commas:
//
//	pinned        only a key whose rights say which values are allowed may use it: for others the call fails with 403007
//	required      absent or empty: 400002
//	server        only server calls may use it: for others it is an unknown parameter (ignoredParams)
//	deny          only server calls may use it: for others the call fails with 403007 (isActive)
//	min=N, max=N  bounds of an integer: 400006
//	len=N         bound of a text in bytes (1024 unless said; a List 8 KiB, an Object 1 MiB): 400006
//	alias=name    a second name (several allowed)
//
// The options are checked in this order: unknown parameters with checkParams=true, deny, required, formats, values.
// Parameters that several methods share are a struct that is embedded. Field types: string, bool, int64 and pointers
// to these (nil: absent), [List], [Object].
package method
