package sallyport

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// ReplaceJSONStrings calls change with each string value of a JSON text and returns the text with the results. Member names
// are left out, because schemas and later calls depend on them. Everything between the strings stays byte for byte: numbers
// keep their digits, members their order. An unterminated string is an error.
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
			return text, errors.New("unterminated string in JSON")
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

// endOfString returns the index after the string's closing quote, or -1.
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
