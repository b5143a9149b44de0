// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

package sallyport

// Level is `level` of the contract.
type Level uint8

const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// HTTPRequest is `http-request` of the contract.
type HTTPRequest struct {
	Method string
	URL string
	Headers [][2]string
	Body []byte
}

func readHTTPRequest(at address) HTTPRequest {
	return HTTPRequest{
		Method: readString(at+0),
		URL: readString(at+8),
		Headers: readList(at+16, 16, func(at address) [2]string { return [2]string{readString(at+0), readString(at+8)} }),
		Body: readOptionalList(at+24, 4, readBytes),
	}
}

func writeHTTPRequest(m *memory, at address, value HTTPRequest) {
	writeString(m, at+0, value.Method)
	writeString(m, at+8, value.URL)
	writeList(m, at+16, value.Headers, 16, func(m *memory, at address, value [2]string) { writeString(m, at+0, value[0]); writeString(m, at+8, value[1]) })
	writeOptionalList(m, at+24, value.Body, 4, writeBytes)
}

// HTTPResponse is `http-response` of the contract.
type HTTPResponse struct {
	Status uint16
	Headers [][2]string
	Body []byte
}

func readHTTPResponse(at address) HTTPResponse {
	return HTTPResponse{
		Status: load[uint16](at+0),
		Headers: readList(at+4, 16, func(at address) [2]string { return [2]string{readString(at+0), readString(at+8)} }),
		Body: readBytes(at+12),
	}
}

func writeHTTPResponse(m *memory, at address, value HTTPResponse) {
	store[uint16](m, at+0, value.Status)
	writeList(m, at+4, value.Headers, 16, func(m *memory, at address, value [2]string) { writeString(m, at+0, value[0]); writeString(m, at+8, value[1]) })
	writeBytes(m, at+12, value.Body)
}

// HTTPError is `http-error` of the contract.
//
// It is one of Denied, Timeout, TooLarge, Failed.
type HTTPError interface {
	error
	isHTTPError()
}

func (Denied) isHTTPError() {}
func (Timeout) isHTTPError() {}
func (TooLarge) isHTTPError() {}
func (Failed) isHTTPError() {}

func readHTTPError(at address) HTTPError {
	switch load[uint8](at) {
	case 0:
		return Denied(readString(at+4))
	case 1:
		return Timeout{}
	case 2:
		return TooLarge{}
	case 3:
		return Failed(readString(at+4))
	}
	panic("sallyport: a http-error of an unknown case")
}

func writeHTTPError(m *memory, at address, value HTTPError) {
	switch value := value.(type) {
	case Denied:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case Timeout:
		store(m, at, uint8(1))
	case TooLarge:
		store(m, at, uint8(2))
	case Failed:
		store(m, at, uint8(3))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no HTTPError, it is nil")
	}
}

// KVError is `kv-error` of the contract.
//
// It is one of Denied, Quota, Invalid, Failed.
type KVError interface {
	error
	isKVError()
}

func (Denied) isKVError() {}
func (Quota) isKVError() {}
func (Invalid) isKVError() {}
func (Failed) isKVError() {}

func readKVError(at address) KVError {
	switch load[uint8](at) {
	case 0:
		return Denied(readString(at+4))
	case 1:
		return Quota(readString(at+4))
	case 2:
		return Invalid(readString(at+4))
	case 3:
		return Failed(readString(at+4))
	}
	panic("sallyport: a kv-error of an unknown case")
}

func writeKVError(m *memory, at address, value KVError) {
	switch value := value.(type) {
	case Denied:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case Quota:
		store(m, at, uint8(1))
		writeString(m, at+4, string(value))
	case Invalid:
		store(m, at, uint8(2))
		writeString(m, at+4, string(value))
	case Failed:
		store(m, at, uint8(3))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no KVError, it is nil")
	}
}

// SecretError is `secret-error` of the contract.
//
// It is one of Denied, Unavailable.
type SecretError interface {
	error
	isSecretError()
}

func (Denied) isSecretError() {}
func (Unavailable) isSecretError() {}

func readSecretError(at address) SecretError {
	switch load[uint8](at) {
	case 0:
		return Denied(readString(at+4))
	case 1:
		return Unavailable(readString(at+4))
	}
	panic("sallyport: a secret-error of an unknown case")
}

func writeSecretError(m *memory, at address, value SecretError) {
	switch value := value.(type) {
	case Denied:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case Unavailable:
		store(m, at, uint8(1))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no SecretError, it is nil")
	}
}

// Labels is `labels` of the contract.
type Labels = [][2]string

// CallError is `call-error` of the contract.
//
// It is one of Denied, NotFound, Invalid, Blocked, Loop, TooDeep, Limit, Timeout, Unavailable, Failed.
type CallError interface {
	error
	isCallError()
}

func (Denied) isCallError() {}
func (NotFound) isCallError() {}
func (Invalid) isCallError() {}
func (Blocked) isCallError() {}
func (Loop) isCallError() {}
func (TooDeep) isCallError() {}
func (Limit) isCallError() {}
func (Timeout) isCallError() {}
func (Unavailable) isCallError() {}
func (Failed) isCallError() {}

func readCallError(at address) CallError {
	switch load[uint8](at) {
	case 0:
		return Denied(readString(at+4))
	case 1:
		return NotFound(readString(at+4))
	case 2:
		return Invalid(readString(at+4))
	case 3:
		return Blocked(readViolation(at+4))
	case 4:
		return Loop(readString(at+4))
	case 5:
		return TooDeep(readString(at+4))
	case 6:
		return Limit(readString(at+4))
	case 7:
		return Timeout{}
	case 8:
		return Unavailable(readString(at+4))
	case 9:
		return Failed(readString(at+4))
	}
	panic("sallyport: a call-error of an unknown case")
}

func writeCallError(m *memory, at address, value CallError) {
	switch value := value.(type) {
	case Denied:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case NotFound:
		store(m, at, uint8(1))
		writeString(m, at+4, string(value))
	case Invalid:
		store(m, at, uint8(2))
		writeString(m, at+4, string(value))
	case Blocked:
		store(m, at, uint8(3))
		writeViolation(m, at+4, Violation(value))
	case Loop:
		store(m, at, uint8(4))
		writeString(m, at+4, string(value))
	case TooDeep:
		store(m, at, uint8(5))
		writeString(m, at+4, string(value))
	case Limit:
		store(m, at, uint8(6))
		writeString(m, at+4, string(value))
	case Timeout:
		store(m, at, uint8(7))
	case Unavailable:
		store(m, at, uint8(8))
		writeString(m, at+4, string(value))
	case Failed:
		store(m, at, uint8(9))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no CallError, it is nil")
	}
}

// Facts about the current request. The plugin cannot change them.
type CallContext struct {
	// Unique per request; also in the gateway's log line.
	RequestID string
	// The route that the client called.
	Binding string
	// The upstream that the request goes to, or went to.
	Upstream string
	Tenant *string
	// The authenticated caller.
	Subject *string
	// Milliseconds left for this hook call.
	DeadlineMs uint32
}

func readCallContext(at address) CallContext {
	return CallContext{
		RequestID: readString(at+0),
		Binding: readString(at+8),
		Upstream: readString(at+16),
		Tenant: readOption(at+24, 4, readString),
		Subject: readOption(at+36, 4, readString),
		DeadlineMs: load[uint32](at+48),
	}
}

func writeCallContext(m *memory, at address, value CallContext) {
	writeString(m, at+0, value.RequestID)
	writeString(m, at+8, value.Binding)
	writeString(m, at+16, value.Upstream)
	writeOption(m, at+24, value.Tenant, 4, writeString)
	writeOption(m, at+36, value.Subject, 4, writeString)
	store[uint32](m, at+48, value.DeadlineMs)
}

// Facts about the request that a policy decides about.
type PolicyContext struct {
	RequestID string
	Binding string
	Upstream string
	// The method of MCP, for example `tools/call`; for `decide-many` that of the list, or `completion/complete`.
	Method string
	Tenant *string
	// The authenticated caller.
	Subject *string
	// The scopes of the caller, sorted.
	Scopes []string
	// Milliseconds left for this call.
	DeadlineMs uint32
}

func readPolicyContext(at address) PolicyContext {
	return PolicyContext{
		RequestID: readString(at+0),
		Binding: readString(at+8),
		Upstream: readString(at+16),
		Method: readString(at+24),
		Tenant: readOption(at+32, 4, readString),
		Subject: readOption(at+44, 4, readString),
		Scopes: readList(at+56, 8, readString),
		DeadlineMs: load[uint32](at+64),
	}
}

func writePolicyContext(m *memory, at address, value PolicyContext) {
	writeString(m, at+0, value.RequestID)
	writeString(m, at+8, value.Binding)
	writeString(m, at+16, value.Upstream)
	writeString(m, at+24, value.Method)
	writeOption(m, at+32, value.Tenant, 4, writeString)
	writeOption(m, at+44, value.Subject, 4, writeString)
	writeList(m, at+56, value.Scopes, 8, writeString)
	store[uint32](m, at+64, value.DeadlineMs)
}

// Blob is `blob` of the contract.
type Blob struct {
	MimeType string
	Data []byte
}

func readBlob(at address) Blob {
	return Blob{
		MimeType: readString(at+0),
		Data: readBytes(at+8),
	}
}

func writeBlob(m *memory, at address, value Blob) {
	writeString(m, at+0, value.MimeType)
	writeBytes(m, at+8, value.Data)
}

// One block of content. Text is a typed field, so that a plugin that only handles text needs no JSON parser.
//
// It is one of Text, *Blob, JSON, Opaque.
type Content interface {
	isContent()
}

func (Text) isContent() {}
func (*Blob) isContent() {}
func (JSON) isContent() {}
func (Opaque) isContent() {}

func readContent(at address) Content {
	switch load[uint8](at) {
	case 0:
		return Text(readString(at+4))
	case 1:
		value := readBlob(at+4)
		return &value
	case 2:
		return JSON(readString(at+4))
	case 3:
		return Opaque(load[uint32](at+4))
	}
	panic("sallyport: a content of an unknown case")
}

func writeContent(m *memory, at address, value Content) {
	switch value := value.(type) {
	case Text:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case *Blob:
		store(m, at, uint8(1))
		writeBlob(m, at+4, *value)
	case JSON:
		store(m, at, uint8(2))
		writeString(m, at+4, string(value))
	case Opaque:
		store(m, at, uint8(3))
		store[uint32](m, at+4, uint32(value))
	default:
		panic("sallyport: there is no Content, it is nil")
	}
}

// ToolCall is `tool-call` of the contract.
type ToolCall struct {
	Name string
	// A JSON object, as text.
	Arguments string
}

func readToolCall(at address) ToolCall {
	return ToolCall{
		Name: readString(at+0),
		Arguments: readString(at+8),
	}
}

func writeToolCall(m *memory, at address, value ToolCall) {
	writeString(m, at+0, value.Name)
	writeString(m, at+8, value.Arguments)
}

// PromptGet is `prompt-get` of the contract.
type PromptGet struct {
	Name string
	// A JSON object of strings, as text.
	Arguments string
}

func readPromptGet(at address) PromptGet {
	return PromptGet{
		Name: readString(at+0),
		Arguments: readString(at+8),
	}
}

func writePromptGet(m *memory, at address, value PromptGet) {
	writeString(m, at+0, value.Name)
	writeString(m, at+8, value.Arguments)
}

// ResourceRead is `resource-read` of the contract.
type ResourceRead struct {
	URI string
}

func readResourceRead(at address) ResourceRead {
	return ResourceRead{
		URI: readString(at+0),
	}
}

func writeResourceRead(m *memory, at address, value ResourceRead) {
	writeString(m, at+0, value.URI)
}

// Request is `request` of the contract.
//
// It is one of *ToolCall, *PromptGet, *ResourceRead.
type Request interface {
	isRequest()
}

func (*ToolCall) isRequest() {}
func (*PromptGet) isRequest() {}
func (*ResourceRead) isRequest() {}

func readRequest(at address) Request {
	switch load[uint8](at) {
	case 0:
		value := readToolCall(at+4)
		return &value
	case 1:
		value := readPromptGet(at+4)
		return &value
	case 2:
		value := readResourceRead(at+4)
		return &value
	}
	panic("sallyport: a request of an unknown case")
}

func writeRequest(m *memory, at address, value Request) {
	switch value := value.(type) {
	case *ToolCall:
		store(m, at, uint8(0))
		writeToolCall(m, at+4, *value)
	case *PromptGet:
		store(m, at, uint8(1))
		writePromptGet(m, at+4, *value)
	case *ResourceRead:
		store(m, at, uint8(2))
		writeResourceRead(m, at+4, *value)
	default:
		panic("sallyport: there is no Request, it is nil")
	}
}

// ToolResult is `tool-result` of the contract.
type ToolResult struct {
	Content []Content
	// A JSON object, as text, when the tool declares an output schema.
	StructuredContent *string
	IsError bool
}

func readToolResult(at address) ToolResult {
	return ToolResult{
		Content: readList(at+0, 20, readContent),
		StructuredContent: readOption(at+8, 4, readString),
		IsError: load[bool](at+20),
	}
}

func writeToolResult(m *memory, at address, value ToolResult) {
	writeList(m, at+0, value.Content, 20, writeContent)
	writeOption(m, at+8, value.StructuredContent, 4, writeString)
	store[bool](m, at+20, value.IsError)
}

// PromptMessage is `prompt-message` of the contract.
type PromptMessage struct {
	// `user` or `assistant`.
	Role string
	Content Content
}

func readPromptMessage(at address) PromptMessage {
	return PromptMessage{
		Role: readString(at+0),
		Content: readContent(at+8),
	}
}

func writePromptMessage(m *memory, at address, value PromptMessage) {
	writeString(m, at+0, value.Role)
	writeContent(m, at+8, value.Content)
}

// PromptResult is `prompt-result` of the contract.
type PromptResult struct {
	Description *string
	Messages []PromptMessage
}

func readPromptResult(at address) PromptResult {
	return PromptResult{
		Description: readOption(at+0, 4, readString),
		Messages: readList(at+12, 28, readPromptMessage),
	}
}

func writePromptResult(m *memory, at address, value PromptResult) {
	writeOption(m, at+0, value.Description, 4, writeString)
	writeList(m, at+12, value.Messages, 28, writePromptMessage)
}

// ResourceContent is `resource-content` of the contract.
type ResourceContent struct {
	URI string
	MimeType *string
	// `text`, `blob` or `opaque`.
	Content Content
}

func readResourceContent(at address) ResourceContent {
	return ResourceContent{
		URI: readString(at+0),
		MimeType: readOption(at+8, 4, readString),
		Content: readContent(at+20),
	}
}

func writeResourceContent(m *memory, at address, value ResourceContent) {
	writeString(m, at+0, value.URI)
	writeOption(m, at+8, value.MimeType, 4, writeString)
	writeContent(m, at+20, value.Content)
}

// ResourceResult is `resource-result` of the contract.
type ResourceResult struct {
	Contents []ResourceContent
}

func readResourceResult(at address) ResourceResult {
	return ResourceResult{
		Contents: readList(at+0, 40, readResourceContent),
	}
}

func writeResourceResult(m *memory, at address, value ResourceResult) {
	writeList(m, at+0, value.Contents, 40, writeResourceContent)
}

// Tool is `tool` of the contract.
type Tool struct {
	Name string
	Title *string
	Description *string
	// JSON Schema, as text.
	InputSchema string
	// JSON Schema, as text.
	OutputSchema *string
	// The tool's `annotations`, as JSON text.
	Annotations *string
}

func readTool(at address) Tool {
	return Tool{
		Name: readString(at+0),
		Title: readOption(at+8, 4, readString),
		Description: readOption(at+20, 4, readString),
		InputSchema: readString(at+32),
		OutputSchema: readOption(at+40, 4, readString),
		Annotations: readOption(at+52, 4, readString),
	}
}

func writeTool(m *memory, at address, value Tool) {
	writeString(m, at+0, value.Name)
	writeOption(m, at+8, value.Title, 4, writeString)
	writeOption(m, at+20, value.Description, 4, writeString)
	writeString(m, at+32, value.InputSchema)
	writeOption(m, at+40, value.OutputSchema, 4, writeString)
	writeOption(m, at+52, value.Annotations, 4, writeString)
}

// PromptArgument is `prompt-argument` of the contract.
type PromptArgument struct {
	Name string
	Description *string
	Required bool
}

func readPromptArgument(at address) PromptArgument {
	return PromptArgument{
		Name: readString(at+0),
		Description: readOption(at+8, 4, readString),
		Required: load[bool](at+20),
	}
}

func writePromptArgument(m *memory, at address, value PromptArgument) {
	writeString(m, at+0, value.Name)
	writeOption(m, at+8, value.Description, 4, writeString)
	store[bool](m, at+20, value.Required)
}

// Prompt is `prompt` of the contract.
type Prompt struct {
	Name string
	Title *string
	Description *string
	Arguments []PromptArgument
}

func readPrompt(at address) Prompt {
	return Prompt{
		Name: readString(at+0),
		Title: readOption(at+8, 4, readString),
		Description: readOption(at+20, 4, readString),
		Arguments: readList(at+32, 24, readPromptArgument),
	}
}

func writePrompt(m *memory, at address, value Prompt) {
	writeString(m, at+0, value.Name)
	writeOption(m, at+8, value.Title, 4, writeString)
	writeOption(m, at+20, value.Description, 4, writeString)
	writeList(m, at+32, value.Arguments, 24, writePromptArgument)
}

// A resource, or a resource template when `uri` holds a URI template.
type ResourceEntry struct {
	URI string
	Name string
	Title *string
	Description *string
	MimeType *string
}

func readResourceEntry(at address) ResourceEntry {
	return ResourceEntry{
		URI: readString(at+0),
		Name: readString(at+8),
		Title: readOption(at+16, 4, readString),
		Description: readOption(at+28, 4, readString),
		MimeType: readOption(at+40, 4, readString),
	}
}

func writeResourceEntry(m *memory, at address, value ResourceEntry) {
	writeString(m, at+0, value.URI)
	writeString(m, at+8, value.Name)
	writeOption(m, at+16, value.Title, 4, writeString)
	writeOption(m, at+28, value.Description, 4, writeString)
	writeOption(m, at+40, value.MimeType, 4, writeString)
}

// Response is `response` of the contract.
//
// It is one of *ToolResult, *PromptResult, *ResourceResult, ToolList, PromptList, ResourceList, InputRequired.
type Response interface {
	isResponse()
}

func (*ToolResult) isResponse() {}
func (*PromptResult) isResponse() {}
func (*ResourceResult) isResponse() {}
func (ToolList) isResponse() {}
func (PromptList) isResponse() {}
func (ResourceList) isResponse() {}
func (InputRequired) isResponse() {}

func readResponse(at address) Response {
	switch load[uint8](at) {
	case 0:
		value := readToolResult(at+4)
		return &value
	case 1:
		value := readPromptResult(at+4)
		return &value
	case 2:
		value := readResourceResult(at+4)
		return &value
	case 3:
		return ToolList(readList(at+4, 64, readTool))
	case 4:
		return PromptList(readList(at+4, 40, readPrompt))
	case 5:
		return ResourceList(readList(at+4, 52, readResourceEntry))
	case 6:
		return InputRequired(readString(at+4))
	}
	panic("sallyport: a response of an unknown case")
}

func writeResponse(m *memory, at address, value Response) {
	switch value := value.(type) {
	case *ToolResult:
		store(m, at, uint8(0))
		writeToolResult(m, at+4, *value)
	case *PromptResult:
		store(m, at, uint8(1))
		writePromptResult(m, at+4, *value)
	case *ResourceResult:
		store(m, at, uint8(2))
		writeResourceResult(m, at+4, *value)
	case ToolList:
		store(m, at, uint8(3))
		writeList(m, at+4, []Tool(value), 64, writeTool)
	case PromptList:
		store(m, at, uint8(4))
		writeList(m, at+4, []Prompt(value), 40, writePrompt)
	case ResourceList:
		store(m, at, uint8(5))
		writeList(m, at+4, []ResourceEntry(value), 52, writeResourceEntry)
	case InputRequired:
		store(m, at, uint8(6))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no Response, it is nil")
	}
}

// The reason why a plugin blocked. The client receives it as structured data.
type Violation struct {
	// Stable and machine-readable, for example `EMAIL_FOUND`.
	Code string
	// One short sentence.
	Reason string
	Description string
	// A JSON object, as text.
	Details *string
}

func readViolation(at address) Violation {
	return Violation{
		Code: readString(at+0),
		Reason: readString(at+8),
		Description: readString(at+16),
		Details: readOption(at+24, 4, readString),
	}
}

func writeViolation(m *memory, at address, value Violation) {
	writeString(m, at+0, value.Code)
	writeString(m, at+8, value.Reason)
	writeString(m, at+16, value.Description)
	writeOption(m, at+24, value.Details, 4, writeString)
}

// RequestOutcome is `request-outcome` of the contract.
//
// It is one of Proceed, ModifiedRequest, Respond, Block.
type RequestOutcome interface {
	isRequestOutcome()
}

func (Proceed) isRequestOutcome() {}
func (ModifiedRequest) isRequestOutcome() {}
func (Respond) isRequestOutcome() {}
func (Block) isRequestOutcome() {}

func readRequestOutcome(at address) RequestOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return ModifiedRequest{readRequest(at+4)}
	case 2:
		return Respond{readResponse(at+4)}
	case 3:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a request-outcome of an unknown case")
}

func writeRequestOutcome(m *memory, at address, value RequestOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case ModifiedRequest:
		store(m, at, uint8(1))
		writeRequest(m, at+4, value.Request)
	case Respond:
		store(m, at, uint8(2))
		writeResponse(m, at+4, value.Response)
	case Block:
		store(m, at, uint8(3))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no RequestOutcome, it is nil")
	}
}

// ResponseOutcome is `response-outcome` of the contract.
//
// It is one of Proceed, ModifiedResponse, Block.
type ResponseOutcome interface {
	isResponseOutcome()
}

func (Proceed) isResponseOutcome() {}
func (ModifiedResponse) isResponseOutcome() {}
func (Block) isResponseOutcome() {}

func readResponseOutcome(at address) ResponseOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return ModifiedResponse{readResponse(at+4)}
	case 2:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a response-outcome of an unknown case")
}

func writeResponseOutcome(m *memory, at address, value ResponseOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case ModifiedResponse:
		store(m, at, uint8(1))
		writeResponse(m, at+4, value.Response)
	case Block:
		store(m, at, uint8(2))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no ResponseOutcome, it is nil")
	}
}

// Facts about a call of an `identity` plugin.
type IdentityContext struct {
	RequestID string
	// Milliseconds left for this call.
	DeadlineMs uint32
}

func readIdentityContext(at address) IdentityContext {
	return IdentityContext{
		RequestID: readString(at+0),
		DeadlineMs: load[uint32](at+8),
	}
}

func writeIdentityContext(m *memory, at address, value IdentityContext) {
	writeString(m, at+0, value.RequestID)
	store[uint32](m, at+8, value.DeadlineMs)
}

// The credentials of a request: one header, which the operator chose.
type Credentials struct {
	// The name of the header, in lower case.
	Header string
	// The authentication scheme, in lower case, for example `bearer`, if the header is `authorization`.
	Scheme *string
	// The rest of the header. Never empty.
	Value string
}

func readCredentials(at address) Credentials {
	return Credentials{
		Header: readString(at+0),
		Scheme: readOption(at+8, 4, readString),
		Value: readString(at+20),
	}
}

func writeCredentials(m *memory, at address, value Credentials) {
	writeString(m, at+0, value.Header)
	writeOption(m, at+8, value.Scheme, 4, writeString)
	writeString(m, at+20, value.Value)
}

// The caller, as an `identity` plugin identifies it. The operator decides which tenants, scopes and claims may be stated.
type Principal struct {
	// At most 256 characters. The gateway puts the id of the scheme before it, unless the operator chose otherwise.
	Subject string
	Tenant *string
	Scopes []string
	// Further claims, a JSON object as text.
	Claims string
	// For how many seconds this holds. It is remembered no longer, and never for longer than the operator allows.
	ValidForS *uint32
}

func readPrincipal(at address) Principal {
	return Principal{
		Subject: readString(at+0),
		Tenant: readOption(at+8, 4, readString),
		Scopes: readList(at+20, 8, readString),
		Claims: readString(at+28),
		ValidForS: readOption(at+36, 4, load[uint32]),
	}
}

func writePrincipal(m *memory, at address, value Principal) {
	writeString(m, at+0, value.Subject)
	writeOption(m, at+8, value.Tenant, 4, writeString)
	writeList(m, at+20, value.Scopes, 8, writeString)
	writeString(m, at+28, value.Claims)
	writeOption(m, at+36, value.ValidForS, 4, store[uint32])
}

// Identification is `identification` of the contract.
//
// It is one of Unknown, Known, Refuse.
type Identification interface {
	isIdentification()
}

func (Unknown) isIdentification() {}
func (Known) isIdentification() {}
func (Refuse) isIdentification() {}

func readIdentification(at address) Identification {
	switch load[uint8](at) {
	case 0:
		return Unknown{}
	case 1:
		return Known(readPrincipal(at+4))
	case 2:
		return Refuse(readViolation(at+4))
	}
	panic("sallyport: a identification of an unknown case")
}

func writeIdentification(m *memory, at address, value Identification) {
	switch value := value.(type) {
	case Unknown:
		store(m, at, uint8(0))
	case Known:
		store(m, at, uint8(1))
		writePrincipal(m, at+4, Principal(value))
	case Refuse:
		store(m, at, uint8(2))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no Identification, it is nil")
	}
}

// A request whose caller is not authenticated yet.
type ArrivingRequest struct {
	// The HTTP method.
	Method string
	// The path, without a query.
	Path string
	// Empty where the tenant of the caller decides about the binding, also once the caller is known.
	Binding string
	// The address of the client. Behind trusted proxies it is the one that they name.
	Address string
	// The authentication scheme of the header `authorization`, in lower case, if it is a registered one; otherwise
	// `other`. Credentials are never shown.
	Authorization *string
}

func readArrivingRequest(at address) ArrivingRequest {
	return ArrivingRequest{
		Method: readString(at+0),
		Path: readString(at+8),
		Binding: readString(at+16),
		Address: readString(at+24),
		Authorization: readOption(at+32, 4, readString),
	}
}

func writeArrivingRequest(m *memory, at address, value ArrivingRequest) {
	writeString(m, at+0, value.Method)
	writeString(m, at+8, value.Path)
	writeString(m, at+16, value.Binding)
	writeString(m, at+24, value.Address)
	writeOption(m, at+32, value.Authorization, 4, writeString)
}

// PreCheckOutcome is `pre-check-outcome` of the contract.
//
// It is one of Proceed, Block.
type PreCheckOutcome interface {
	isPreCheckOutcome()
}

func (Proceed) isPreCheckOutcome() {}
func (Block) isPreCheckOutcome() {}

func readPreCheckOutcome(at address) PreCheckOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a pre-check-outcome of an unknown case")
}

func writePreCheckOutcome(m *memory, at address, value PreCheckOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case Block:
		store(m, at, uint8(1))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no PreCheckOutcome, it is nil")
	}
}

// A request whose caller was authenticated.
type AuthenticatedCaller struct {
	Request ArrivingRequest
	// The id of the identity scheme; `anonymous` for a caller without credentials.
	Scheme string
	Subject *string
	Tenant *string
	// Sorted.
	Scopes []string
}

func readAuthenticatedCaller(at address) AuthenticatedCaller {
	return AuthenticatedCaller{
		Request: readArrivingRequest(at+0),
		Scheme: readString(at+44),
		Subject: readOption(at+52, 4, readString),
		Tenant: readOption(at+64, 4, readString),
		Scopes: readList(at+76, 8, readString),
	}
}

func writeAuthenticatedCaller(m *memory, at address, value AuthenticatedCaller) {
	writeArrivingRequest(m, at+0, value.Request)
	writeString(m, at+44, value.Scheme)
	writeOption(m, at+52, value.Subject, 4, writeString)
	writeOption(m, at+64, value.Tenant, 4, writeString)
	writeList(m, at+76, value.Scopes, 8, writeString)
}

// What the caller keeps.
type Narrowed struct {
	// The scopes that it keeps, all of them its own.
	Scopes []string
	// The tenant of a caller that has none, if the operator lets this plugin name it.
	Tenant *string
}

func readNarrowed(at address) Narrowed {
	return Narrowed{
		Scopes: readOptionalList(at+0, 4, func(at address) []string { return readList(at, 8, readString) }),
		Tenant: readOption(at+12, 4, readString),
	}
}

func writeNarrowed(m *memory, at address, value Narrowed) {
	writeOptionalList(m, at+0, value.Scopes, 4, func(m *memory, at address, value []string) { writeList(m, at, value, 8, writeString) })
	writeOption(m, at+12, value.Tenant, 4, writeString)
}

// PostCheckOutcome is `post-check-outcome` of the contract.
//
// It is one of Proceed, Narrow, Block.
type PostCheckOutcome interface {
	isPostCheckOutcome()
}

func (Proceed) isPostCheckOutcome() {}
func (Narrow) isPostCheckOutcome() {}
func (Block) isPostCheckOutcome() {}

func readPostCheckOutcome(at address) PostCheckOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return Narrow(readNarrowed(at+4))
	case 2:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a post-check-outcome of an unknown case")
}

func writePostCheckOutcome(m *memory, at address, value PostCheckOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case Narrow:
		store(m, at, uint8(1))
		writeNarrowed(m, at+4, Narrowed(value))
	case Block:
		store(m, at, uint8(2))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no PostCheckOutcome, it is nil")
	}
}

// Facts about a call of a `federation` plugin.
type FederationContext struct {
	// Unique per registration, and per refresh of a list; also in the gateway's log lines.
	RequestID string
	// The id of the upstream.
	Upstream string
	// Milliseconds left for this call.
	DeadlineMs uint32
}

func readFederationContext(at address) FederationContext {
	return FederationContext{
		RequestID: readString(at+0),
		Upstream: readString(at+8),
		DeadlineMs: load[uint32](at+16),
	}
}

func writeFederationContext(m *memory, at address, value FederationContext) {
	writeString(m, at+0, value.RequestID)
	writeString(m, at+8, value.Upstream)
	store[uint32](m, at+16, value.DeadlineMs)
}

// A server that is about to join the gateway, as it is configured. It has no credentials, headers, arguments or
// environment.
type JoiningServer struct {
	ID string
	// `stdio`, `http` or `openapi`.
	Transport string
	// The URLs that requests go to, and that of the OpenAPI document if it is fetched; without user, password and query.
	// Where such a document says itself where requests go, that is not known yet.
	URLs []string
	// The command of a server over stdio, without its folder and arguments.
	Command *string
	// The ids of the bindings that offer it.
	Bindings []string
	// Who registers it: `file`, `program` or `admin`.
	Origin string
	// The caller of the management API, if that registers it.
	Principal *string
}

func readJoiningServer(at address) JoiningServer {
	return JoiningServer{
		ID: readString(at+0),
		Transport: readString(at+8),
		URLs: readList(at+16, 8, readString),
		Command: readOption(at+24, 4, readString),
		Bindings: readList(at+36, 8, readString),
		Origin: readString(at+44),
		Principal: readOption(at+52, 4, readString),
	}
}

func writeJoiningServer(m *memory, at address, value JoiningServer) {
	writeString(m, at+0, value.ID)
	writeString(m, at+8, value.Transport)
	writeList(m, at+16, value.URLs, 8, writeString)
	writeOption(m, at+24, value.Command, 4, writeString)
	writeList(m, at+36, value.Bindings, 8, writeString)
	writeString(m, at+44, value.Origin)
	writeOption(m, at+52, value.Principal, 4, writeString)
}

// PreRegisterOutcome is `pre-register-outcome` of the contract.
//
// It is one of Proceed, Block.
type PreRegisterOutcome interface {
	isPreRegisterOutcome()
}

func (Proceed) isPreRegisterOutcome() {}
func (Block) isPreRegisterOutcome() {}

func readPreRegisterOutcome(at address) PreRegisterOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a pre-register-outcome of an unknown case")
}

func writePreRegisterOutcome(m *memory, at address, value PreRegisterOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case Block:
		store(m, at, uint8(1))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no PreRegisterOutcome, it is nil")
	}
}

// A server that has joined and was reached, with what it says of itself.
type RegisteredServer struct {
	Server JoiningServer
	Name *string
	Version *string
	// The revision of MCP that it speaks; none if only users have connections with it.
	Revision *string
	// The names of its capabilities, sorted.
	Capabilities []string
	// The number of its tools, if it has a list of them that could be read.
	Tools *uint32
	Prompts *uint32
	Resources *uint32
	ResourceTemplates *uint32
}

func readRegisteredServer(at address) RegisteredServer {
	return RegisteredServer{
		Server: readJoiningServer(at+0),
		Name: readOption(at+64, 4, readString),
		Version: readOption(at+76, 4, readString),
		Revision: readOption(at+88, 4, readString),
		Capabilities: readList(at+100, 8, readString),
		Tools: readOption(at+108, 4, load[uint32]),
		Prompts: readOption(at+116, 4, load[uint32]),
		Resources: readOption(at+124, 4, load[uint32]),
		ResourceTemplates: readOption(at+132, 4, load[uint32]),
	}
}

func writeRegisteredServer(m *memory, at address, value RegisteredServer) {
	writeJoiningServer(m, at+0, value.Server)
	writeOption(m, at+64, value.Name, 4, writeString)
	writeOption(m, at+76, value.Version, 4, writeString)
	writeOption(m, at+88, value.Revision, 4, writeString)
	writeList(m, at+100, value.Capabilities, 8, writeString)
	writeOption(m, at+108, value.Tools, 4, store[uint32])
	writeOption(m, at+116, value.Prompts, 4, store[uint32])
	writeOption(m, at+124, value.Resources, 4, store[uint32])
	writeOption(m, at+132, value.ResourceTemplates, 4, store[uint32])
}

// Lists that a server has.
type ListKind uint8

const (
	ListKindTools ListKind = iota
	ListKindPrompts
	ListKindResources
	ListKindResourceTemplates
)

// Why a list is read again.
type RefreshReason uint8

const (
	// No list was read yet, or the connection is a new one.
	RefreshReasonConnected RefreshReason = iota
	// The server reported a change.
	RefreshReasonChanged
	// The list is old, and the server would not report a change.
	RefreshReasonAged
)

// The list of a server that is about to be read.
type ListRefresh struct {
	Kind ListKind
	Reason RefreshReason
	// The number of entries in use; none if no list was accepted yet.
	Entries *uint32
}

func readListRefresh(at address) ListRefresh {
	return ListRefresh{
		Kind: load[ListKind](at+0),
		Reason: load[RefreshReason](at+1),
		Entries: readOption(at+4, 4, load[uint32]),
	}
}

func writeListRefresh(m *memory, at address, value ListRefresh) {
	store[ListKind](m, at+0, value.Kind)
	store[RefreshReason](m, at+1, value.Reason)
	writeOption(m, at+4, value.Entries, 4, store[uint32])
}

// PreSyncOutcome is `pre-sync-outcome` of the contract.
//
// It is one of Proceed, Block.
type PreSyncOutcome interface {
	isPreSyncOutcome()
}

func (Proceed) isPreSyncOutcome() {}
func (Block) isPreSyncOutcome() {}

func readPreSyncOutcome(at address) PreSyncOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a pre-sync-outcome of an unknown case")
}

func writePreSyncOutcome(m *memory, at address, value PreSyncOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case Block:
		store(m, at, uint8(1))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no PreSyncOutcome, it is nil")
	}
}

// A whole list, as the server sent it.
//
// It is one of Tools, Prompts, Resources, ResourceTemplates.
type ServerList interface {
	isServerList()
}

func (Tools) isServerList() {}
func (Prompts) isServerList() {}
func (Resources) isServerList() {}
func (ResourceTemplates) isServerList() {}

func readServerList(at address) ServerList {
	switch load[uint8](at) {
	case 0:
		return Tools(readList(at+4, 64, readTool))
	case 1:
		return Prompts(readList(at+4, 40, readPrompt))
	case 2:
		return Resources(readList(at+4, 52, readResourceEntry))
	case 3:
		return ResourceTemplates(readList(at+4, 52, readResourceEntry))
	}
	panic("sallyport: a server-list of an unknown case")
}

func writeServerList(m *memory, at address, value ServerList) {
	switch value := value.(type) {
	case Tools:
		store(m, at, uint8(0))
		writeList(m, at+4, []Tool(value), 64, writeTool)
	case Prompts:
		store(m, at, uint8(1))
		writeList(m, at+4, []Prompt(value), 40, writePrompt)
	case Resources:
		store(m, at, uint8(2))
		writeList(m, at+4, []ResourceEntry(value), 52, writeResourceEntry)
	case ResourceTemplates:
		store(m, at, uint8(3))
		writeList(m, at+4, []ResourceEntry(value), 52, writeResourceEntry)
	default:
		panic("sallyport: there is no ServerList, it is nil")
	}
}

// PostSyncOutcome is `post-sync-outcome` of the contract.
//
// It is one of Proceed, ModifiedServerList, Block.
type PostSyncOutcome interface {
	isPostSyncOutcome()
}

func (Proceed) isPostSyncOutcome() {}
func (ModifiedServerList) isPostSyncOutcome() {}
func (Block) isPostSyncOutcome() {}

func readPostSyncOutcome(at address) PostSyncOutcome {
	switch load[uint8](at) {
	case 0:
		return Proceed{}
	case 1:
		return ModifiedServerList{readServerList(at+4)}
	case 2:
		return Block(readViolation(at+4))
	}
	panic("sallyport: a post-sync-outcome of an unknown case")
}

func writePostSyncOutcome(m *memory, at address, value PostSyncOutcome) {
	switch value := value.(type) {
	case Proceed:
		store(m, at, uint8(0))
	case ModifiedServerList:
		store(m, at, uint8(1))
		writeServerList(m, at+4, value.ServerList)
	case Block:
		store(m, at, uint8(2))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no PostSyncOutcome, it is nil")
	}
}

// Decision is `decision` of the contract.
//
// It is one of Allow, Deny.
type Decision interface {
	isDecision()
}

func (Allow) isDecision() {}
func (Deny) isDecision() {}

func readDecision(at address) Decision {
	switch load[uint8](at) {
	case 0:
		return Allow{}
	case 1:
		return Deny(readViolation(at+4))
	}
	panic("sallyport: a decision of an unknown case")
}

func writeDecision(m *memory, at address, value Decision) {
	switch value := value.(type) {
	case Allow:
		store(m, at, uint8(0))
	case Deny:
		store(m, at, uint8(1))
		writeViolation(m, at+4, Violation(value))
	default:
		panic("sallyport: there is no Decision, it is nil")
	}
}

// HeaderError is `header-error` of the contract.
//
// It is one of Denied, Invalid, Unavailable.
type HeaderError interface {
	error
	isHeaderError()
}

func (Denied) isHeaderError() {}
func (Invalid) isHeaderError() {}
func (Unavailable) isHeaderError() {}

func readHeaderError(at address) HeaderError {
	switch load[uint8](at) {
	case 0:
		return Denied(readString(at+4))
	case 1:
		return Invalid(readString(at+4))
	case 2:
		return Unavailable(readString(at+4))
	}
	panic("sallyport: a header-error of an unknown case")
}

func writeHeaderError(m *memory, at address, value HeaderError) {
	switch value := value.(type) {
	case Denied:
		store(m, at, uint8(0))
		writeString(m, at+4, string(value))
	case Invalid:
		store(m, at, uint8(1))
		writeString(m, at+4, string(value))
	case Unavailable:
		store(m, at, uint8(2))
		writeString(m, at+4, string(value))
	default:
		panic("sallyport: there is no HeaderError, it is nil")
	}
}

// Denied is a case of HTTPError, KVError, SecretError, CallError, HeaderError.
// The grant does not allow it. The text names the missing rule.
type Denied string

func (e Denied) Error() string { return "denied: " + string(e) }

// Timeout is a case of HTTPError, CallError.
type Timeout struct{}

func (Timeout) Error() string { return "timeout" }

// TooLarge is a case of HTTPError.
type TooLarge struct{}

func (TooLarge) Error() string { return "too large" }

// Failed is a case of HTTPError, KVError, CallError.
type Failed string

func (e Failed) Error() string { return "failed: " + string(e) }

// Quota is a case of KVError.
// More keys or bytes than the grant allows. Delete values or let them expire.
type Quota string

func (e Quota) Error() string { return "quota: " + string(e) }

// Invalid is a case of KVError, CallError, HeaderError.
// The value is not a number, or the key is not valid.
type Invalid string

func (e Invalid) Error() string { return "invalid: " + string(e) }

// Unavailable is a case of SecretError, CallError, HeaderError.
// The secret cannot be read at the moment.
type Unavailable string

func (e Unavailable) Error() string { return "unavailable: " + string(e) }

// NotFound is a case of CallError.
// No upstream of the binding matches the name. If the upstream does not know the tool, it reports that itself, with
// `failed` or a result with `is-error`.
type NotFound string

func (e NotFound) Error() string { return "not found: " + string(e) }

// Blocked is a case of CallError.
// A plugin blocked the call.
type Blocked Violation

func (Blocked) Error() string { return "blocked" }

// Loop is a case of CallError.
// This plugin is already calling this tool, and the call led back to it.
type Loop string

func (e Loop) Error() string { return "loop: " + string(e) }

// TooDeep is a case of CallError.
// More nested calls than the grant allows.
type TooDeep string

func (e TooDeep) Error() string { return "too deep: " + string(e) }

// Limit is a case of CallError.
// More calls for one request, longer arguments or a longer result than the grant allows.
type Limit string

func (e Limit) Error() string { return "limit: " + string(e) }

// Text is a case of Content.
type Text string

// JSON is a case of Content.
// Any other block, as JSON text of the MCP type (a resource link, an embedded resource).
type JSON string

// Opaque is a case of Content.
// A block hidden from this plugin. Keep, move or drop it by its number.
type Opaque uint32

// ToolList is a case of Response.
type ToolList []Tool

// PromptList is a case of Response.
type PromptList []Prompt

// ResourceList is a case of Response.
type ResourceList []ResourceEntry

// InputRequired is a case of Response.
// The upstream asks for more input before it can answer (JSON text of the MCP result).
type InputRequired string

// Proceed is a case of RequestOutcome, ResponseOutcome, PreCheckOutcome, PostCheckOutcome, PreRegisterOutcome, PreSyncOutcome, PostSyncOutcome.
type Proceed struct{}

// ModifiedRequest is a case of RequestOutcome.
type ModifiedRequest struct{ Request }

// Respond is a case of RequestOutcome.
// Respond without calling the upstream, as a cache does.
type Respond struct{ Response }

// Block is a case of RequestOutcome, ResponseOutcome, PreCheckOutcome, PostCheckOutcome, PreRegisterOutcome, PreSyncOutcome, PostSyncOutcome.
type Block Violation

// ModifiedResponse is a case of ResponseOutcome.
type ModifiedResponse struct{ Response }

// Unknown is a case of Identification.
// Not credentials that this plugin knows. The next scheme is asked.
type Unknown struct{}

// Known is a case of Identification.
type Known Principal

// Refuse is a case of Identification.
// The credentials are not accepted. The operator's log has the reason, and the client does not get it.
type Refuse Violation

// Narrow is a case of PostCheckOutcome.
type Narrow Narrowed

// Tools is a case of ServerList.
type Tools []Tool

// Prompts is a case of ServerList.
type Prompts []Prompt

// Resources is a case of ServerList.
type Resources []ResourceEntry

// ResourceTemplates is a case of ServerList.
type ResourceTemplates []ResourceEntry

// ModifiedServerList is a case of PostSyncOutcome.
// Entries may be removed, moved and changed, but not added or renamed. What is removed cannot be called.
type ModifiedServerList struct{ ServerList }

// Allow is a case of Decision.
type Allow struct{}

// Deny is a case of Decision.
type Deny Violation
