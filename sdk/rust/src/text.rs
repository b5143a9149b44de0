use crate::{Content, Request, Response, json};

impl Request {
    /// Calls `change` with each text of the request and uses what it returns; `None` leaves the text, so always return
    /// `None` to only read. Returns the number of changed texts: if it is 0, return `Proceed`.
    ///
    /// Text means each string in the arguments, at any depth, but not argument names, tool names and URIs.
    ///
    /// # Errors
    /// See [`json::replace_strings`].
    pub fn replace_text(&mut self, change: impl FnMut(&str) -> Option<String>) -> Result<usize, String> {
        let mut texts = Texts { change, changed: 0 };
        match self {
            Request::ToolCall(call) => texts.json(&mut call.arguments)?,
            Request::PromptGet(get) => texts.json(&mut get.arguments)?,
            Request::ResourceRead(_) => {}
        }
        Ok(texts.changed)
    }
}

impl Response {
    /// Calls `change` with each text of the response and uses what it returns; `None` leaves the text, so always return
    /// `None` to only read. Returns the number of changed texts: if it is 0, return `Proceed`.
    ///
    /// Text means each text block, each string in JSON blocks and structured content, and each title and description, but
    /// not names, URIs, schemas, blobs, hidden blocks and an upstream's request for more input (`InputRequired`).
    ///
    /// # Errors
    /// See [`json::replace_strings`].
    pub fn replace_text(&mut self, change: impl FnMut(&str) -> Option<String>) -> Result<usize, String> {
        let mut texts = Texts { change, changed: 0 };
        match self {
            Response::ToolResult(result) => {
                for content in &mut result.content {
                    texts.content(content)?;
                }
                if let Some(structured) = &mut result.structured_content {
                    texts.json(structured)?;
                }
            }
            Response::PromptResult(result) => {
                texts.option(&mut result.description);
                for message in &mut result.messages {
                    texts.content(&mut message.content)?;
                }
            }
            Response::ResourceResult(result) => {
                for entry in &mut result.contents {
                    texts.content(&mut entry.content)?;
                }
            }
            Response::ToolList(tools) => {
                for tool in tools {
                    texts.option(&mut tool.title);
                    texts.option(&mut tool.description);
                }
            }
            Response::PromptList(prompts) => {
                for prompt in prompts {
                    texts.option(&mut prompt.title);
                    texts.option(&mut prompt.description);
                    for argument in &mut prompt.arguments {
                        texts.option(&mut argument.description);
                    }
                }
            }
            Response::ResourceList(resources) => {
                for resource in resources {
                    texts.option(&mut resource.title);
                    texts.option(&mut resource.description);
                }
            }
            Response::InputRequired(_) => {}
        }
        Ok(texts.changed)
    }
}

struct Texts<F> {
    change: F,
    changed: usize,
}

impl<F: FnMut(&str) -> Option<String>> Texts<F> {
    fn text(&mut self, text: &mut String) {
        if let Some(new) = (self.change)(text) {
            *text = new;
            self.changed += 1;
        }
    }

    fn option(&mut self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn json(&mut self, text: &mut String) -> Result<(), String> {
        let change = |text: &str| (self.change)(text).inspect(|_| self.changed += 1);
        if let Some(new) = json::replace_strings(text, change)? {
            *text = new;
        }
        Ok(())
    }

    fn content(&mut self, content: &mut Content) -> Result<(), String> {
        match content {
            Content::Text(text) => self.text(text),
            Content::Json(text) => self.json(text)?,
            Content::Blob(_) | Content::Opaque(_) => {}
        }
        Ok(())
    }
}
