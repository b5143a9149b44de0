// Package sallyport is the SDK for plugins in Go: transforms, policies, identity and federation plugins.
//
// A plugin is a type with the hooks it needs, and an init function that exports it. Its exported fields are the operator's
// configuration; fields that the operator does not set keep their values:
//
//	package main
//
//	import (
//		"strings"
//
//		"sallyport"
//	)
//
//	type noWord struct {
//		sallyport.PassThrough
//		Word string `json:"word"`
//	}
//
//	func init() { sallyport.Export(&noWord{Word: "secret"}) }
//
//	func main() {} // is never called
//
//	func (p *noWord) Before(_ sallyport.CallContext, request sallyport.Request) (sallyport.RequestOutcome, error) {
//		found := false
//		_, err := sallyport.ReplaceRequestText(request, func(text string) string {
//			found = found || strings.Contains(text, p.Word)
//			return text
//		})
//		if err != nil || !found {
//			return sallyport.Proceed{}, err
//		}
//		return sallyport.Block{Code: "WORD_FOUND", Reason: "The word is not allowed."}, nil
//	}
//
// A policy is a type with the method Decide, exported with [ExportPolicy]; it returns [Allow] or [Deny].
//
// An identity plugin embeds [IdentityDefaults], has the methods of [Identity] that it needs, and is exported with
// [ExportIdentity]. Identify returns [Known], [Refuse] or [Unknown]. Compare secrets with crypto/subtle.
//
// A federation plugin embeds [FederationDefaults], has the methods of [Federation] that it needs, and is exported with
// [ExportFederation].
//
// [ReplaceRequestText] and [ReplaceResponseText] replace text anywhere in a request or response. [Block] says why a request
// is blocked. [Infof] and its siblings write lines to the gateway's log, as do os.Stdout and os.Stderr, line by line. The
// functions named after an interface, such as [ContextGet] and [KVStoreIncrement], are the host's functions of the contract;
// all but those of log and context must be named in plugin.json. A component imports only what its code calls.
//
// With the capability clock declared, package time works; without it, time.Now and time.Sleep end the call with a line in
// the log. That includes log and log/slog, which read the time for each line. With random declared, crypto/rand and
// math/rand work; without it, crypto/rand ends the call, and a plugin that uses math/rand is not built.
//
// An error of a hook is a failure. The operator's on_error decides what follows; by default the request is denied, and an
// error of a policy or an identity plugin always denies. A panic is a failure too, with its message and its line in package
// main; its stack is logged. What Go cannot recover from (a stack overflow, os.Exit) ends the instance.
package sallyport
