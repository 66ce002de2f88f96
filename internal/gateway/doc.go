// Package gateway is the front door: HTTP in, HTTP out.
//
// A call walks through the phases that pipeline.go lists, in the order of the protocol; the first that fails answers, and
// a method cannot skip one. The gateway knows no method by name: what it must know of one is in its declaration.
//
//	receive        verb, parameters, form of the answer        400001 413001 400002 400006
//	name           the method, if there is such a one          (answered late, so that a wrong API key is told first)
//	secrecy        nothing sensitive over plain HTTP           403006 400001
//	flood          calls of one address                        403048
//	site           apiKey present, well-formed, known          400002 400093
//	               served here, and in use                     301001 403007 403036
//	credential     who calls, proven                           403002 to 403005, 403010 …
//	page           the page of a browser's call is trusted     400120
//	permission     class, privilege and scope                  403007 400096
//	rate           calls of one credential                     403048
//	bind           unknown, missing and wrong parameters       403007 400002 400004 400006
//	handle         the method
//
// One [Record] a call is filled on the way and handed out at the end, once: to the log, the audit and the metrics.
// Nothing of it holds a parameter's value but the API key, so no secret can reach any of them.
package gateway
