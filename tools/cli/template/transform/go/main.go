// Command {{id}} replaces a word in the text of tool results.
package main

import (
	"errors"
	"strings"

	"sallyport"
)

// plugin holds the operator's configuration.
type plugin struct {
	sallyport.PassThrough
	Word        string `json:"word"`
	Replacement string `json:"replacement"`
}

func init() { sallyport.Export(&plugin{Word: "password", Replacement: "[hidden]"}) }

func main() {} // is never called

// Configure refuses a configuration that would do nothing.
func (p *plugin) Configure() error {
	if p.Word == "" {
		return errors.New("word must not be empty")
	}
	return nil
}

// After is called for each hook in plugin.json that runs after the upstream's answer.
func (p *plugin) After(_ sallyport.CallContext, response sallyport.Response) (sallyport.ResponseOutcome, error) {
	changed, err := sallyport.ReplaceResponseText(response, func(text string) string {
		return strings.ReplaceAll(text, p.Word, p.Replacement)
	})
	if err != nil || !changed {
		return sallyport.Proceed{}, err
	}
	sallyport.Debugf("replaced")
	return sallyport.ModifiedResponse{Response: response}, nil
}
