package main

import (
	"regexp"
	"strings"
)

const localLength = 64

// domain matches the part of an address after the @. Each piece is bounded, and Go's regexp takes linear time.
var domain = regexp.MustCompile(`^(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}`)

// longestDomain is the length of eight labels with their dots, and a last one.
const longestDomain = 9 * 64

// replaceAddresses replaces each address and counts them. It searches outward from each @, because most text has none,
// which one fast search finds out.
func replaceAddresses(text, replacement string) (string, int) {
	var redacted strings.Builder
	kept, count := 0, 0
	for from := 0; ; {
		distance := strings.IndexByte(text[from:], '@')
		if distance == -1 {
			break
		}
		at := from + distance
		from = at + 1
		start := at
		for start > kept && at-start < localLength && isLocal(text[start-1]) {
			start--
		}
		if start == at {
			continue
		}
		found := domain.FindStringIndex(text[from:min(len(text), from+longestDomain)])
		if found == nil {
			continue
		}
		redacted.WriteString(text[kept:start])
		redacted.WriteString(replacement)
		kept = from + found[1]
		from = kept
		count++
	}
	redacted.WriteString(text[kept:])
	return redacted.String(), count
}

func isLocal(char byte) bool {
	return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9' ||
		strings.IndexByte("._%+-", char) != -1
}
