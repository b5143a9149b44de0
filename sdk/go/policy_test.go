package sallyport

import (
	"errors"
	"testing"
)

// readOnly denies all tools, or returns what a test asks for.
type readOnly struct {
	Decision Decision
	Err      error
}

func (p *readOnly) Decide(PolicyContext, Request) (Decision, error) { return p.Decision, p.Err }

// listsAll is a readOnly that hides nothing.
type listsAll struct{ readOnly }

func (p *listsAll) Show(PolicyContext, Request) (Decision, error) { return Allow{}, nil }

func TestPolicyDecidesAboutEachEntryOfAList(t *testing.T) {
	deny := Deny{Code: "DENIED", Reason: "no"}
	for _, test := range []struct {
		name   string
		plugin Policy
		want   Decision
	}{
		{"decide is asked where there is no show", &readOnly{Decision: deny}, deny},
		{"show is asked", &listsAll{readOnly{Decision: deny}}, Allow{}},
	} {
		requests := []Request{&ToolCall{Name: "a"}, &ToolCall{Name: "b"}}
		decisions, err := policyExports{test.plugin}.decideMany(PolicyContext{}, requests)
		if err != nil || len(decisions) != 2 || decisions[0] != test.want || decisions[1] != test.want {
			t.Errorf("%s: %v, %v", test.name, decisions, err)
		}
	}
}

func TestPolicyFails(t *testing.T) {
	for _, test := range []struct {
		name   string
		plugin Policy
	}{
		{"no decision", &readOnly{}},
		{"an error", &readOnly{Decision: Allow{}, Err: errors.New("broken")}},
	} {
		exports := policyExports{test.plugin}
		if _, err := exports.decide(PolicyContext{}, &ToolCall{}); err == nil {
			t.Errorf("%s: decide did not fail", test.name)
		}
		if _, err := exports.decideMany(PolicyContext{}, []Request{&ToolCall{}}); err == nil {
			t.Errorf("%s: decideMany did not fail", test.name)
		}
	}
}

func TestConfigureNeedsAPlugin(t *testing.T) {
	if err := (policyExports{}).configure("{}"); err == nil {
		t.Error("a policy that is not exported was configured")
	}
	if err := (policyExports{&readOnly{}}).configure(`{"unknown":1}`); err == nil {
		t.Error("an unknown member was accepted")
	}
}
