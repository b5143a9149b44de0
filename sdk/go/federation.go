package sallyport

import "errors"

// Federation decides which servers join the gateway, and what of their lists is used. An error and a panic are failures,
// which refuse by default. Embed [FederationDefaults] to implement only some of the methods.
//
// Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
// configuration.
type Federation interface {
	// PreRegister is the hook server_pre_register: it is called before a server joins.
	PreRegister(context FederationContext, server JoiningServer) (PreRegisterOutcome, error)
	// PostRegister is the hook server_post_register: it is called once a server has joined and was reached. It only observes.
	PostRegister(context FederationContext, server RegisteredServer) error
	// PreSync is the hook federation_pre_sync: it is called before a list of a server is read.
	PreSync(context FederationContext, refresh ListRefresh) (PreSyncOutcome, error)
	// PostSync is the hook federation_post_sync: it is called for a whole list that was read, before anybody uses it. Entries
	// may be removed, moved and changed, but not added or renamed.
	PostSync(context FederationContext, received ServerList) (PostSyncOutcome, error)
}

// FederationDefaults lets every server join and uses every list.
type FederationDefaults struct{}

// PreRegister lets the server join.
func (FederationDefaults) PreRegister(FederationContext, JoiningServer) (PreRegisterOutcome, error) {
	return Proceed{}, nil
}

// PostRegister does nothing.
func (FederationDefaults) PostRegister(FederationContext, RegisteredServer) error { return nil }

// PreSync lets the list be read.
func (FederationDefaults) PreSync(FederationContext, ListRefresh) (PreSyncOutcome, error) {
	return Proceed{}, nil
}

// PostSync lets the list be used as it is.
func (FederationDefaults) PostSync(FederationContext, ServerList) (PostSyncOutcome, error) {
	return Proceed{}, nil
}

// ExportFederation exports a plugin of the kind federation to the gateway. Call it once, in an init function, because main is
// never called. [ReadConfig] reads the operator's configuration into plugin, so it must be a pointer to a struct.
func ExportFederation(plugin Federation) { exportedFederation.plugin = plugin }

// exportedFederation is the plugin that the gateway calls.
var exportedFederation federationExports

type federationExports struct{ plugin Federation }

func (e federationExports) configure(config string) error {
	return configure(e.plugin, config, "ExportFederation")
}

func (e federationExports) preRegister(context FederationContext, server JoiningServer) (outcome PreRegisterOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.PreRegister(context, server)
	if outcome == nil && err == nil {
		return nil, errors.New("PreRegister returned neither an outcome nor an error")
	}
	return outcome, err
}

func (e federationExports) postRegister(context FederationContext, server RegisteredServer) (err error) {
	defer caught(&err)
	return e.plugin.PostRegister(context, server)
}

func (e federationExports) preSync(context FederationContext, refresh ListRefresh) (outcome PreSyncOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.PreSync(context, refresh)
	if outcome == nil && err == nil {
		return nil, errors.New("PreSync returned neither an outcome nor an error")
	}
	return outcome, err
}

func (e federationExports) postSync(context FederationContext, received ServerList) (outcome PostSyncOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.PostSync(context, received)
	if outcome == nil && err == nil {
		return nil, errors.New("PostSync returned neither an outcome nor an error")
	}
	return outcome, err
}
