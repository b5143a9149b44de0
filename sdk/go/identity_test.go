package sallyport

import (
	"errors"
	"reflect"
	"testing"
)

// guard answers what a test asks for.
type guard struct {
	Answer Identification
	Before PreCheckOutcome
	After  PostCheckOutcome
	Err    error
}

func (p *guard) Identify(IdentityContext, Credentials) (Identification, error) {
	return p.Answer, p.Err
}
func (p *guard) PreCheck(IdentityContext, ArrivingRequest) (PreCheckOutcome, error) {
	return p.Before, p.Err
}
func (p *guard) PostCheck(IdentityContext, AuthenticatedCaller) (PostCheckOutcome, error) {
	return p.After, p.Err
}

// nothing is a plugin without methods of its own.
type nothing struct{ IdentityDefaults }

// panics is a plugin that breaks.
type panics struct{ IdentityDefaults }

func (*panics) Identify(IdentityContext, Credentials) (Identification, error) { panic("broken") }
func (*panics) PreCheck(IdentityContext, ArrivingRequest) (PreCheckOutcome, error) {
	panic("broken")
}
func (*panics) PostCheck(IdentityContext, AuthenticatedCaller) (PostCheckOutcome, error) {
	panic("broken")
}

func TestIdentityAnswers(t *testing.T) {
	tenant := "acme"
	refused := Refuse{Code: "SESSION_ENDED", Reason: "The session has ended."}
	blocked := Block{Code: "ADDRESS", Reason: "Not from there."}
	for _, test := range []struct {
		name   string
		plugin Identity
		answer Identification
		before PreCheckOutcome
		after  PostCheckOutcome
	}{
		{"does nothing by default", &nothing{}, Unknown{}, Proceed{}, Proceed{}},
		{
			"states no claims by default",
			&guard{Answer: Known{Subject: "ada"}, Before: Proceed{}, After: Narrow{Tenant: &tenant}},
			Known{Subject: "ada", Claims: "{}"}, Proceed{}, Narrow{Tenant: &tenant},
		},
		{
			"states claims, and keeps scopes",
			&guard{
				Answer: Known{Subject: "ada", Scopes: []string{"a"}, Claims: Claims(map[string]any{"team": "x"})},
				Before: Proceed{},
				After:  KeepScopes([]string{"a"}),
			},
			Known{Subject: "ada", Scopes: []string{"a"}, Claims: `{"team":"x"}`}, Proceed{}, Narrow{Scopes: []string{"a"}},
		},
		{"refuses and blocks", &guard{Answer: refused, Before: blocked, After: blocked}, refused, blocked, blocked},
		{
			"takes away all scopes",
			&guard{Answer: Unknown{}, Before: Proceed{}, After: KeepScopes(nil)},
			Unknown{}, Proceed{}, Narrow{Scopes: []string{}},
		},
	} {
		exports := identityExports{test.plugin}
		if answer, err := exports.identify(IdentityContext{}, Credentials{}); err != nil || !reflect.DeepEqual(answer, test.answer) {
			t.Errorf("%s: identify: %#v, %v", test.name, answer, err)
		}
		if outcome, err := exports.preCheck(IdentityContext{}, ArrivingRequest{}); err != nil || !reflect.DeepEqual(outcome, test.before) {
			t.Errorf("%s: preCheck: %#v, %v", test.name, outcome, err)
		}
		if outcome, err := exports.postCheck(IdentityContext{}, AuthenticatedCaller{}); err != nil || !reflect.DeepEqual(outcome, test.after) {
			t.Errorf("%s: postCheck: %#v, %v", test.name, outcome, err)
		}
	}
}

func TestIdentityFails(t *testing.T) {
	for _, test := range []struct {
		name   string
		plugin Identity
	}{
		{"neither an answer nor an error", &guard{}},
		{"an error beside an answer", &guard{Known{Subject: "ada"}, Proceed{}, Proceed{}, errors.New("broken")}},
		{"a panic", &panics{}},
	} {
		exports := identityExports{test.plugin}
		if _, err := exports.identify(IdentityContext{}, Credentials{}); err == nil {
			t.Errorf("%s: identify did not fail", test.name)
		}
		if _, err := exports.preCheck(IdentityContext{}, ArrivingRequest{}); err == nil {
			t.Errorf("%s: preCheck did not fail", test.name)
		}
		if _, err := exports.postCheck(IdentityContext{}, AuthenticatedCaller{}); err == nil {
			t.Errorf("%s: postCheck did not fail", test.name)
		}
	}
}

func TestIdentityThatCollectsNoScopesDoesNotKeepAll(t *testing.T) {
	var kept []string
	if _, err := (identityExports{&guard{After: Narrow{Scopes: kept}}}).postCheck(IdentityContext{}, AuthenticatedCaller{}); err == nil {
		t.Error("a caller kept all scopes")
	}
}

func TestConfigureNeedsAnIdentityPlugin(t *testing.T) {
	if err := (identityExports{}).configure("{}"); err == nil {
		t.Error("an identity plugin that is not exported was configured")
	}
	if err := (identityExports{&nothing{}}).configure(`{"unknown":1}`); err == nil {
		t.Error("an unknown member was accepted")
	}
}
