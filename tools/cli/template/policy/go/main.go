// Command {{id}} requires a scope for tools whose names begin with a prefix.
package main

import (
	"errors"
	"slices"
	"strings"

	"sallyport"
)

// plugin holds the operator's configuration.
type plugin struct {
	Prefix string `json:"prefix"`
	Scope  string `json:"scope"`
}

func init() { sallyport.ExportPolicy(&plugin{Prefix: "delete_", Scope: "admin"}) }

func main() {} // is never called

// Configure refuses a configuration that no caller could satisfy.
func (p *plugin) Configure() error {
	if p.Scope == "" {
		return errors.New("scope must not be empty")
	}
	return nil
}

// Decide is called right before a request is sent, and for each entry of a list.
func (p *plugin) Decide(context sallyport.PolicyContext, request sallyport.Request) (sallyport.Decision, error) {
	call, is := request.(*sallyport.ToolCall)
	if !is || !strings.HasPrefix(call.Name, p.Prefix) || slices.Contains(context.Scopes, p.Scope) {
		return sallyport.Allow{}, nil
	}
	return sallyport.Deny{Code: "SCOPE_REQUIRED", Reason: "The scope " + p.Scope + " is required."}, nil
}
