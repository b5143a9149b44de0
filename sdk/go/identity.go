package sallyport

import (
	"encoding/json"
	"errors"
)

// Identity identifies callers, and may check requests before and after their callers are authenticated. An error and a
// panic refuse the request. Embed [IdentityDefaults] to implement only one of the methods.
//
// Several instances run side by side, and any of them may be discarded. Keep in the plugin only what follows from its
// configuration.
type Identity interface {
	// Identify identifies a caller by its credentials: [Known], [Refuse], or [Unknown] for credentials that this plugin does
	// not know. An error says that they cannot be checked now. The answer is remembered, so it must depend on the
	// credentials alone.
	Identify(context IdentityContext, credentials Credentials) (Identification, error)
	// PreCheck is the hook auth_pre_check: it is called for each request before its caller is authenticated.
	PreCheck(context IdentityContext, request ArrivingRequest) (PreCheckOutcome, error)
	// PostCheck is the hook auth_post_check: it is called for each request once its caller is authenticated.
	PostCheck(context IdentityContext, caller AuthenticatedCaller) (PostCheckOutcome, error)
}

// IdentityDefaults knows no credentials and lets every request proceed.
type IdentityDefaults struct{}

// Identify knows no credentials.
func (IdentityDefaults) Identify(IdentityContext, Credentials) (Identification, error) {
	return Unknown{}, nil
}

// PreCheck lets the request proceed.
func (IdentityDefaults) PreCheck(IdentityContext, ArrivingRequest) (PreCheckOutcome, error) {
	return Proceed{}, nil
}

// PostCheck lets the request proceed, with what the caller has.
func (IdentityDefaults) PostCheck(IdentityContext, AuthenticatedCaller) (PostCheckOutcome, error) {
	return Proceed{}, nil
}

// ExportIdentity exports a plugin of the kind identity to the gateway. Call it once, in an init function, because main is
// never called. [ReadConfig] reads the operator's configuration into plugin, so it must be a pointer to a struct.
func ExportIdentity(plugin Identity) { exportedIdentity.plugin = plugin }

// Claims encodes the further claims of a [Known] caller as JSON.
func Claims(claims map[string]any) string {
	if claims == nil {
		return "{}"
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// KeepScopes takes away all other scopes of the caller, which must have those to keep. Without any to keep it takes away
// all, whereas [Narrow] with Scopes nil takes away none.
func KeepScopes(scopes []string) Narrow {
	return Narrow{Scopes: append([]string{}, scopes...)}
}

// exportedIdentity is the plugin that the gateway asks.
var exportedIdentity identityExports

type identityExports struct{ plugin Identity }

func (e identityExports) configure(config string) error {
	return configure(e.plugin, config, "ExportIdentity")
}

func (e identityExports) identify(context IdentityContext, credentials Credentials) (answer Identification, err error) {
	defer caught(&err)
	answer, err = e.plugin.Identify(context, credentials)
	if answer == nil && err == nil {
		return nil, errors.New("Identify returned neither an identification nor an error")
	}
	if known, is := answer.(Known); is && known.Claims == "" {
		known.Claims = "{}"
		return known, err
	}
	return answer, err
}

func (e identityExports) preCheck(context IdentityContext, request ArrivingRequest) (outcome PreCheckOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.PreCheck(context, request)
	if outcome == nil && err == nil {
		return nil, errors.New("PreCheck returned neither an outcome nor an error")
	}
	return outcome, err
}

func (e identityExports) postCheck(context IdentityContext, caller AuthenticatedCaller) (outcome PostCheckOutcome, err error) {
	defer caught(&err)
	outcome, err = e.plugin.PostCheck(context, caller)
	if outcome == nil && err == nil {
		return nil, errors.New("PostCheck returned neither an outcome nor an error")
	}
	// A nil slice is what code that collects scopes ends with if it keeps none of them.
	if narrow, is := outcome.(Narrow); err == nil && is && narrow.Scopes == nil && narrow.Tenant == nil {
		return nil, errors.New("PostCheck narrows nothing: use KeepScopes to take away scopes, also all of them")
	}
	return outcome, err
}
