use crate::Violation;

impl Violation {
    /// `code` is stable and machine-readable, for example `EMAIL_FOUND`; `reason` is one short sentence.
    pub fn new(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Violation { code: code.into(), reason: reason.into(), description: String::new(), details: None }
    }

    /// Says what the caller can do about it.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds data for the client's program, by name.
    pub fn with_details<const N: usize>(mut self, details: [(&str, serde_json::Value); N]) -> Self {
        let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.details = Some(serde_json::Value::Object(details).to_string());
        self
    }
}
