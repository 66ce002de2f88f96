// Package gigya is the dialect that Gigya's SDKs, plugins and tools speak with their server: how a request carries its
// parameters, how it is signed, how an answer is written, and what the error codes mean. Both sides can use it: a server
// to understand and to answer, a client or a test to sign and to check.
//
// # Requests
//
// A call is a GET or POST of one path segment, /accounts.getAccountInfo, with parameters in the query string and in the
// body. [Decode] gathers them into [Params], whose names are compared without regard to letter case because clients in
// the field spell them in every way. Values are text; [ParseBool], [ParseInt] and [SplitList] read them as the SDKs of
// the various languages write them.
//
// # Signatures
//
// A secret is Base64 text; [DecodeSecret] gives the key. A request is signed by an HMAC-SHA1 over a base string:
//
//	METHOD & enc(url) & enc(name=enc(value)&name=enc(value)…)
//
// with the names sorted in byte order and everything but A-Z a-z 0-9 - . _ ~ percent-encoded. [BaseString] and
// [Signature] make it; [VerifySignature] checks it and knows the ways in which the official SDKs differ from the rule:
//
//   - The client may see another scheme and host than the server behind a proxy: all that are given are tried.
//   - The .NET SDK never writes the port. It encodes halves of surrogate pairs one by one, so that an emoji arrives as
//     two U+FFFD and is signed as such.
//   - The Android SDK sends sig in URL-safe Base64.
//   - The Swift SDK leaves < > ` DEL and control characters unencoded.
//   - The npm client sends the timestamp in milliseconds ([CheckTimestamp]).
//
// A server calls CheckTimestamp first, VerifySignature next and remembers the nonce only after both: the Android SDK
// repeats a call that was refused for its timestamp with the same nonce.
//
// A holder of an RSA key sends a JWT instead ([SignBearer], [ParseBearer]). What a server gives to sites so that they can
// trust what a browser hands them is made and checked by [SignUID], [SignFriend], [SignQuery] and their counterparts;
// what a site gives back to prolong a session by [SignDynamicSession] and [ParseDynamicSession]. Every comparison of a
// signature takes constant time.
//
// # Answers
//
// [AppendAnswer] writes an [Answer] as JSON, JSONP or XML: the envelope with its members in the recorded order, then the
// method's own members, which are given as compact JSON ([Marshal]) and laid out in one pass. An opening angle bracket
// inside of JSON text is always written \u003c, so that no answer can be taken for markup.
//
// # Errors
//
// Everything that fails in this package because of what a caller sent fails with an [*Error], which has a [Code] of the
// table and the text for errorDetails. Neither ever repeats a secret, a token or a signature.
//
// # Test vectors
//
// testdata/vectors.json has signatures, tokens and cookies that were compared with what the official SDKs compute. It is
// plain data: a port of this package to another language can use it as it is.
//
// # Compatibility
//
// What this package writes and accepts on the wire is held stable: member order, texts, signatures and codes change only
// when a recorded answer shows that they were wrong. Names exported here follow semantic versioning; codes may be added
// at any time. Text that was accepted once is accepted later, except where accepting it proves to be unsafe.
//
// All functions may be called from several goroutines. Params and Answer belong to one request and are not safe for
// concurrent changes.
package gigya
