package sallyport

import "errors"

// Transform inspects and changes requests to an upstream and its responses. Its methods are called for the hooks named in
// plugin.json. Embed [PassThrough] to implement only one of them.
//
// Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
// configuration, use [ContextSet] for the state of a request, and [KVStoreSet] for what outlives it.
type Transform interface {
	// Before is called for tool_pre_invoke, prompt_pre_fetch and resource_pre_fetch.
	Before(context CallContext, request Request) (RequestOutcome, error)
	// After is called for tool_post_invoke, prompt_post_fetch, resource_post_fetch and the lists.
	After(context CallContext, response Response) (ResponseOutcome, error)
}

// PassThrough lets everything pass unchanged.
type PassThrough struct{}

// Before lets the request pass.
func (PassThrough) Before(CallContext, Request) (RequestOutcome, error) { return Proceed{}, nil }

// After lets the response pass.
func (PassThrough) After(CallContext, Response) (ResponseOutcome, error) { return Proceed{}, nil }

// Export exports plugin to the gateway. Call it once, in an init function, because main is never called. [ReadConfig] reads
// the operator's configuration into plugin, so it must be a pointer to a struct.
func Export(plugin Transform) { exportedTransform.plugin = plugin }

// exportedTransform is the plugin that the gateway calls.
var exportedTransform transformExports

type transformExports struct{ plugin Transform }

func (e transformExports) configure(config string) error {
	return configure(e.plugin, config, "Export")
}

func (e transformExports) beforeDispatch(context CallContext, request Request) (outcome RequestOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.Before(context, request)
	if outcome == nil && err == nil {
		return nil, errors.New("Before returned neither an outcome nor an error")
	}
	return outcome, err
}

func (e transformExports) afterDispatch(context CallContext, response Response) (outcome ResponseOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.After(context, response)
	if outcome == nil && err == nil {
		return nil, errors.New("After returned neither an outcome nor an error")
	}
	return outcome, err
}
