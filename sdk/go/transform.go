package sallyport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Transform sees and changes what goes to an upstream and what comes back. Its hooks are called for what hooks in
// plugin.json names. Embed [PassThrough] to write only one of them.
//
// Several instances run side by side, and any of them may be thrown away: keep in the plugin what follows from the
// configuration, with [ContextSet] what belongs to a request, and with [KVStoreSet] what outlives it.
type Transform interface {
	// Before is called for tool_pre_invoke, prompt_pre_fetch and resource_pre_fetch.
	Before(context CallContext, request Request) (RequestOutcome, error)
	// After is called for tool_post_invoke, prompt_post_fetch, resource_post_fetch and the lists.
	After(context CallContext, response Response) (ResponseOutcome, error)
}

// PassThrough lets everything pass as it is.
type PassThrough struct{}

// Before lets the request pass.
func (PassThrough) Before(CallContext, Request) (RequestOutcome, error) { return Proceed{}, nil }

// After lets the response pass.
func (PassThrough) After(CallContext, Response) (ResponseOutcome, error) { return Proceed{}, nil }

// Configured is what a plugin may have beside its hooks. Configure is called once the operator's config stands in the
// plugin's fields; an error refuses it, and the gateway does not start.
type Configured interface {
	Configure() error
}

// Export makes plugin what the gateway calls. Call it once, in an init: main is never called. The operator's config is
// read into plugin as [ReadConfig] does, so it is a pointer to a struct.
func Export(plugin Transform) { exported.plugin = plugin }

// ReadConfig reads a JSON object into a struct, as encoding/json does, and refuses members that the struct does not have.
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

// Details writes a value as JSON, for the details of a [Violation].
func Details(value any) *string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	details := string(text)
	return &details
}

// exported is what the gateway calls.
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
