package sallyport

import (
	"strings"
	"testing"
)

func TestReplaceJSONStrings(t *testing.T) {
	shout := func(text string) string { return strings.ReplaceAll(text, "a", "<A>") }
	for text, expected := range map[string]string{
		`"a"`: `"<A>"`,
		`{"a" : "a", "n": 1.10e3,  "b":["a",null]}`: `{"a" : "<A>", "n": 1.10e3,  "b":["<A>",null]}`,
		`["\u0061\\", "x\u00e9"]`:                   `["<A>\\", "x\u00e9"]`,
		`["a:"]`:                                    `["<A>:"]`,
		`{"a"`:                                      `{"<A>"`,
		``:                                          ``,
		`["\"\\"]`:                                  `["\"\\"]`,
	} {
		if changed, err := ReplaceJSONStrings(text, shout); err != nil || changed != expected {
			t.Errorf("%s: %s, %v", text, changed, err)
		}
	}
	for _, text := range []string{`"a`, `"\`, `"\x"`} {
		if _, err := ReplaceJSONStrings(text, shout); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestReplaceText(t *testing.T) {
	title, structured := "a", `{"a":"a"}`
	change := func(text string) string { return strings.ToUpper(text) }
	call := &ToolCall{Name: "a", Arguments: `{"a":["a",1]}`}
	if changed, err := ReplaceRequestText(call, change); err != nil || !changed || call.Arguments != `{"a":["A",1]}` || call.Name != "a" {
		t.Error(call, changed, err)
	}
	tools := ToolList{{Name: "a", Title: &title}}
	if changed, err := ReplaceResponseText(tools, change); err != nil || !changed || *tools[0].Title != "A" || tools[0].Name != "a" {
		t.Error(tools, changed, err)
	}
	result := &ToolResult{Content: []Content{Text("a"), JSON(`["a"]`), Opaque(1)}, StructuredContent: &structured}
	changed, err := ReplaceResponseText(result, change)
	if err != nil || !changed || result.Content[0] != Text("A") || result.Content[1] != JSON(`["A"]`) || structured != `{"a":"A"}` {
		t.Error(result, changed, err)
	}
	if changed, err := ReplaceResponseText(result, change); err != nil || changed {
		t.Error("changed again", err)
	}
}

func TestReadConfig(t *testing.T) {
	config := struct {
		Word string `json:"word"`
	}{Word: "default"}
	if err := ReadConfig(`{}`, &config); err != nil || config.Word != "default" {
		t.Error(config, err)
	}
	if err := ReadConfig(`{"word":1}`, &config); err == nil || err.Error() != "word must be a string" {
		t.Error(err)
	}
	if err := ReadConfig(`{"wrod":""}`, &config); err == nil || !strings.Contains(err.Error(), "wrod") {
		t.Error(err)
	}
}
