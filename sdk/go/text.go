package sallyport

// ReplaceRequestText calls change with each text of the request and uses what it returns. It reports whether any text
// changed: if so, return ModifiedRequest{request}, else Proceed{}. To only read, return the text unchanged.
//
// Text means each string in the arguments, at any depth, but not argument names, tool names and URIs.
// Errors are those of [ReplaceJSONStrings].
func ReplaceRequestText(request Request, change func(string) string) (bool, error) {
	t := texts{change: change}
	switch request := request.(type) {
	case *ToolCall:
		t.json(&request.Arguments)
	case *PromptGet:
		t.json(&request.Arguments)
	}
	return t.changed, t.err
}

// ReplaceResponseText calls change with each text of the response and uses what it returns. It reports whether any text
// changed: if so, return ModifiedResponse{response}, else Proceed{}. To only read, return the text unchanged.
//
// Text means each text block, each string in JSON blocks and structured content, and each title and description, but not
// names, URIs, schemas, blobs, hidden blocks and an upstream's request for more input. Errors are those of
// [ReplaceJSONStrings].
func ReplaceResponseText(response Response, change func(string) string) (bool, error) {
	t := texts{change: change}
	switch response := response.(type) {
	case *ToolResult:
		for index := range response.Content {
			t.content(&response.Content[index])
		}
		t.json(response.StructuredContent)
	case *PromptResult:
		t.text(response.Description)
		for index := range response.Messages {
			t.content(&response.Messages[index].Content)
		}
	case *ResourceResult:
		for index := range response.Contents {
			t.content(&response.Contents[index].Content)
		}
	case ToolList:
		for _, tool := range response {
			t.text(tool.Title)
			t.text(tool.Description)
		}
	case PromptList:
		for _, prompt := range response {
			t.text(prompt.Title)
			t.text(prompt.Description)
			for _, argument := range prompt.Arguments {
				t.text(argument.Description)
			}
		}
	case ResourceList:
		for _, resource := range response {
			t.text(resource.Title)
			t.text(resource.Description)
		}
	}
	return t.changed, t.err
}

type texts struct {
	change  func(string) string
	changed bool
	err     error
}

func (t *texts) text(text *string) {
	if text != nil {
		t.put(text, t.change(*text))
	}
}

func (t *texts) json(text *string) {
	if text == nil || t.err != nil {
		return
	}
	changed, err := ReplaceJSONStrings(*text, t.change)
	t.put(text, changed)
	t.err = err
}

func (t *texts) put(text *string, changed string) {
	t.changed = t.changed || changed != *text
	*text = changed
}

func (t *texts) content(content *Content) {
	switch block := (*content).(type) {
	case Text:
		text := string(block)
		t.text(&text)
		*content = Text(text)
	case JSON:
		text := string(block)
		t.json(&text)
		*content = JSON(text)
	}
}
