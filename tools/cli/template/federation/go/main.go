// Command {{id}} lets only upstreams at known origins join, and hides tools by their names.
package main

import (
	"errors"
	"strings"

	"sallyport"
)

// plugin holds the operator's configuration.
type plugin struct {
	sallyport.FederationDefaults
	Origins []string `json:"origins"`
	Hidden  string   `json:"hidden"`
}

func init() {
	sallyport.ExportFederation(&plugin{Origins: []string{"http://localhost"}, Hidden: "debug_"})
}

func main() {} // is never called

// Configure refuses a configuration with which no upstream could join.
func (p *plugin) Configure() error {
	if len(p.Origins) == 0 {
		return errors.New("origins must not be empty")
	}
	return nil
}

// PreRegister is called before an upstream joins.
func (p *plugin) PreRegister(_ sallyport.FederationContext, server sallyport.JoiningServer) (sallyport.PreRegisterOutcome, error) {
	for _, url := range server.URLs {
		if !p.isKnown(url) {
			return sallyport.Block{Code: "UNKNOWN_ORIGIN", Reason: "Upstreams at " + url + " may not join."}, nil
		}
	}
	return sallyport.Proceed{}, nil
}

func (p *plugin) isKnown(url string) bool {
	for _, origin := range p.Origins {
		if strings.HasPrefix(url, origin+"/") {
			return true
		}
	}
	return false
}

// PostSync is called with each list of an upstream, before anybody uses it.
func (p *plugin) PostSync(_ sallyport.FederationContext, received sallyport.ServerList) (sallyport.PostSyncOutcome, error) {
	tools, is := received.(sallyport.Tools)
	if !is {
		return sallyport.Proceed{}, nil
	}
	kept := sallyport.Tools{}
	for _, tool := range tools {
		if !strings.HasPrefix(tool.Name, p.Hidden) {
			kept = append(kept, tool)
		}
	}
	if len(kept) == len(tools) {
		return sallyport.Proceed{}, nil
	}
	return sallyport.ModifiedServerList{ServerList: kept}, nil
}
