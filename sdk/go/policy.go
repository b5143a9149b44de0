package sallyport

import "errors"

// Policy decides about requests and cannot change them. Whatever fails denies.
//
// Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
// configuration.
type Policy interface {
	// Decide is called right before a request is sent.
	Decide(context PolicyContext, request Request) (Decision, error)
}

// ListPolicy is an optional interface of a policy. Without it, Decide is also called for the entries of lists.
type ListPolicy interface {
	// Show decides whether the caller sees an entry of a list. The arguments of the request are {}, and its URI may be a
	// template. Allow what could be allowed.
	Show(context PolicyContext, request Request) (Decision, error)
}

// ExportPolicy exports a plugin of the kind policy to the gateway. Call it once, in an init function, because main is never
// called. [ReadConfig] reads the operator's configuration into plugin, so it must be a pointer to a struct.
func ExportPolicy(plugin Policy) { exportedPolicy.plugin = plugin }

// exportedPolicy is the policy that the gateway asks.
var exportedPolicy policyExports

type policyExports struct{ plugin Policy }

func (e policyExports) configure(config string) error {
	return configure(e.plugin, config, "ExportPolicy")
}

func (e policyExports) decide(context PolicyContext, request Request) (decision Decision, err error) {
	defer caught(&err)
	return decided(e.plugin.Decide(context, request))
}

func (e policyExports) decideMany(context PolicyContext, requests []Request) (decisions []Decision, err error) {
	defer caught(&err)
	show := e.plugin.Decide
	if plugin, is := e.plugin.(ListPolicy); is {
		show = plugin.Show
	}
	decisions = make([]Decision, len(requests))
	for index, request := range requests {
		if decisions[index], err = decided(show(context, request)); err != nil {
			return nil, err
		}
	}
	return decisions, nil
}

func decided(decision Decision, err error) (Decision, error) {
	if decision == nil && err == nil {
		return nil, errors.New("the policy returned neither a decision nor an error")
	}
	return decision, err
}
