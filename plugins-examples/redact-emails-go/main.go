// Command redact-emails-go replaces e-mail addresses in what tools, prompts and resources return.
package main

import "sallyport"

type redactEmails struct {
	sallyport.PassThrough
	Replacement string `json:"replacement"`
}

func init() { sallyport.Export(&redactEmails{Replacement: "[redacted]"}) }

func main() {}

func (p *redactEmails) After(_ sallyport.CallContext, response sallyport.Response) (sallyport.ResponseOutcome, error) {
	count := 0
	changed, err := sallyport.ReplaceResponseText(response, func(text string) string {
		redacted, found := replaceAddresses(text, p.Replacement)
		count += found
		return redacted
	})
	if err != nil || !changed {
		return sallyport.Proceed{}, err
	}
	sallyport.Debugf("redacted %d", count)
	return sallyport.ModifiedResponse{Response: response}, nil
}
