// Command {{id}} identifies a service by its key, which is a secret of the gateway.
package main

import (
	"crypto/subtle"
	"errors"

	"sallyport"
)

// plugin holds the operator's configuration.
type plugin struct {
	sallyport.IdentityDefaults
	Secret  string `json:"secret"`
	Subject string `json:"subject"`
}

func init() { sallyport.ExportIdentity(&plugin{Secret: "service-key", Subject: "service"}) }

func main() {} // is never called

// Configure refuses a configuration without a subject.
func (p *plugin) Configure() error {
	if p.Subject == "" {
		return errors.New("subject must not be empty")
	}
	return nil
}

// Identify is called with the header that the operator chose. An error says that the credentials cannot be checked now.
func (p *plugin) Identify(_ sallyport.IdentityContext, credentials sallyport.Credentials) (sallyport.Identification, error) {
	key, err := sallyport.SecretStoreGet(p.Secret)
	if err != nil {
		return nil, err
	}
	// This takes a time that does not depend on where the difference is.
	if subtle.ConstantTimeCompare([]byte(credentials.Value), []byte(key)) == 0 {
		return sallyport.Unknown{}, nil
	}
	return sallyport.Known{Subject: p.Subject}, nil
}
