package sallyport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

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

// Configured is an optional interface of a plugin. Configure is called after the operator's configuration was read into
// the plugin's fields; an error refuses it, and the gateway does not start.
type Configured interface {
	Configure() error
}

// Export exports plugin to the gateway. Call it once, in an init function, because main is never called. [ReadConfig] reads
// the operator's configuration into plugin, so it must be a pointer to a struct.
func Export(plugin Transform) { exported.plugin = plugin }

// ReadConfig reads a JSON object into a struct with encoding/json and refuses unknown members.
func ReadConfig(config string, into any) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(config)))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s must be a %s", wrong.Field, wrong.Type)
	}
	return err
}

// Details encodes a value as JSON, for the details of a [Violation].
func Details(value any) *string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	details := string(text)
	return &details
}

// exported is the plugin that the gateway calls.
var exported exportedTransform

type exportedTransform struct{ plugin Transform }

var errNotExported = errors.New("the plugin exports nothing: call sallyport.Export in an init function")

func (e exportedTransform) configure(config string) (err error) {
	defer caught(&err)
	if e.plugin == nil {
		return errNotExported
	}
	if err := ReadConfig(config, e.plugin); err != nil {
		return err
	}
	if plugin, is := e.plugin.(Configured); is {
		return plugin.Configure()
	}
	return nil
}

func (e exportedTransform) beforeDispatch(context CallContext, request Request) (outcome RequestOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.Before(context, request)
	if outcome == nil && err == nil {
		return nil, errors.New("Before returned neither an outcome nor an error")
	}
	return outcome, err
}

func (e exportedTransform) afterDispatch(context CallContext, response Response) (outcome ResponseOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.After(context, response)
	if outcome == nil && err == nil {
		return nil, errors.New("After returned neither an outcome nor an error")
	}
	return outcome, err
}
