package sallyport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Configured is an optional interface of a plugin. Configure is called after the operator's configuration was read into
// the plugin's fields; an error refuses it, and the gateway does not start.
type Configured interface {
	Configure() error
}

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

// configure reads the operator's configuration into plugin, which the function named export exports.
func configure(plugin any, config string, export string) (err error) {
	defer caught(&err)
	if plugin == nil {
		return fmt.Errorf("the plugin exports nothing of its kind: call sallyport.%s in an init function", export)
	}
	if err := ReadConfig(config, plugin); err != nil {
		return err
	}
	if plugin, is := plugin.(Configured); is {
		return plugin.Configure()
	}
	return nil
}
