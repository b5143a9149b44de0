// Package sallyport is what a plugin of kind transform is written with in Go.
//
// A plugin is a type with the hooks that it needs, and an init that exports it. Its exported fields are the operator's
// config; those that the operator does not state keep what they are:
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
// [ReplaceRequestText] and [ReplaceResponseText] show all text, wherever it stands, and replace it. [Block] says why a
// request is blocked. [Infof] and its like write lines to the gateway's log, as do os.Stdout and os.Stderr, line by line.
// The functions that begin with the name of an interface, such as [ContextGet] and [KVStoreIncrement], are the host's as
// the contract has them; all but those of log and context must be named in plugin.json. A component imports what its
// code really calls.
//
// With the capability clock declared, package time is real; without it, time.Now and time.Sleep end the call, and say
// so in the log. That holds for log and log/slog too, which ask for the time of each line. With random declared, crypto/rand
// and math/rand are real; without it, crypto/rand ends the call and a plugin with math/rand is not built.
//
// An error of a hook is a failure, and the operator decided what follows from one; unless they chose otherwise the
// request is denied. A panic is a failure too, with its message and its line in package main; its stack is in the log.
// What Go cannot recover from (a full stack, os.Exit) ends the instance.
package sallyport
