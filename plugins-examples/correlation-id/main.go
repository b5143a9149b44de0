// Command correlation-id adds an id to each tool call and returns it to the client.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"

	"sallyport"
)

type correlationID struct {
	Argument string `json:"argument"`
	Header   string `json:"header"`
	Tell     string `json:"tell"`
}

func init() {
	sallyport.Export(&correlationID{Argument: "correlation_id", Header: "x-correlation-id", Tell: "text"})
}

func main() {}

// key is the name of the id in the state of the request, for the after hook and for later plugins.
const key = "correlation_id"

// wellFormed matches client ids that may be passed on: they appear in logs and must not break lines.
var wellFormed = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// Before adds the id to the arguments. If the client has set one, that is the id.
func (p *correlationID) Before(_ sallyport.CallContext, request sallyport.Request) (sallyport.RequestOutcome, error) {
	call, is := request.(*sallyport.ToolCall)
	if !is {
		return sallyport.Proceed{}, nil
	}
	var arguments map[string]json.RawMessage
	if err := json.Unmarshal([]byte(call.Arguments), &arguments); err != nil {
		return nil, err
	}
	if given, has := arguments[p.Argument]; has {
		var id string
		if json.Unmarshal(given, &id) != nil || !wellFormed.MatchString(id) {
			reason := "The argument " + p.Argument + " is not a correlation id."
			return sallyport.Block{Code: "CORRELATION_ID_INVALID", Reason: reason}, nil
		}
		remember(id)
		return sallyport.Proceed{}, nil
	}
	id, err := p.id()
	if err != nil {
		return nil, err
	}
	remember(id)
	call.Arguments, err = withMember(call.Arguments, p.Argument, id)
	return sallyport.ModifiedRequest{Request: call}, err
}

// After returns the id to the client.
func (p *correlationID) After(_ sallyport.CallContext, response sallyport.Response) (sallyport.ResponseOutcome, error) {
	id, known := sallyport.ContextGet(key)
	result, is := response.(*sallyport.ToolResult)
	if !known || !is {
		return sallyport.Proceed{}, nil
	}
	switch {
	case p.Tell == "text":
		result.Content = append(result.Content, sallyport.Text("correlation id: "+id))
	case p.Tell == "structured" && result.StructuredContent != nil:
		text, err := withMember(*result.StructuredContent, p.Argument, id)
		if err != nil {
			return nil, err
		}
		result.StructuredContent = &text
	default:
		return sallyport.Proceed{}, nil
	}
	return sallyport.ModifiedResponse{Response: result}, nil
}

// id returns the id of the client's header, or a new one.
func (p *correlationID) id() (string, error) {
	if id, sent := sallyport.RequestHeadersGet(p.Header); sent && wellFormed.MatchString(id) {
		return id, nil
	}
	var bytes [16]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(bytes[:]), nil
}

func remember(id string) {
	sallyport.ContextSet(key, id)
	sallyport.ContextSetShared(key, id)
	sallyport.Infof("correlation id %s", id)
}

// withMember adds a member at the end of a JSON object and leaves every other byte unchanged.
func withMember(object, name, value string) (string, error) {
	end := len(object)
	for end > 0 && object[end-1] != '}' {
		end--
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &members); err != nil || end == 0 {
		return "", errors.Join(errors.New("not a JSON object"), err)
	}
	member, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		return "", err
	}
	separator := ""
	if len(members) > 0 {
		separator = ","
	}
	return object[:end-1] + separator + string(member[1:]), nil
}
