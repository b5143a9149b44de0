package sallyport

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// ReplaceJSONStrings shows change each string of a JSON text that is a value, and yields the text with what it yields.
// Names of members are not shown, because schemas and later calls depend on them. What is between the strings stays
// byte for byte: numbers keep their digits, and members their order. A string that has no end is an error.
func ReplaceJSONStrings(text string, change func(string) string) (string, error) {
	var changed strings.Builder
	kept := 0
	for at := 0; ; {
		quote := strings.IndexByte(text[at:], '"')
		if quote == -1 {
			break
		}
		start := at + quote
		end := endOfString(text, start+1)
		if end == -1 {
			return text, errors.New("a string in JSON has no end")
		}
		at = end
		if strings.HasPrefix(strings.TrimLeft(text[end:], " \t\r\n"), ":") {
			continue
		}
		value := text[start+1 : end-1]
		if strings.IndexByte(value, '\\') != -1 {
			if err := json.Unmarshal([]byte(text[start:end]), &value); err != nil {
				return text, err
			}
		}
		replaced := change(value)
		if replaced == value {
			continue
		}
		changed.WriteString(text[kept:start])
		changed.WriteString(quoted(replaced))
		kept = end
	}
	changed.WriteString(text[kept:])
	return changed.String(), nil
}

// endOfString yields where the text goes on after the string's closing quote, or -1.
func endOfString(text string, at int) int {
	for ; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return -1
}

func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
