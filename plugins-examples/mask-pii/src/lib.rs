//! Masks personal data and keys in requests to upstreams and in their responses.

mod find;
mod iban;
mod key;
mod mask;
mod number;

use std::collections::{BTreeMap, BTreeSet};

use find::{Found, Kind, Kinds};
use mask::Style;
use sallyport::{CallContext, Request, RequestOutcome, Response, ResponseOutcome, Transform, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskPii {
    #[serde(default = "all")]
    kinds: Kinds,
    #[serde(default)]
    style: Style,
    /// The style for single kinds.
    #[serde(default)]
    styles: BTreeMap<Kind, Style>,
    /// The replacement, with `{kind}` for the kind.
    #[serde(default = "named")]
    replacement: String,
    #[serde(default)]
    hash_key: Option<String>,
    /// Texts to keep, and domains of e-mail addresses (`@example.com`).
    #[serde(default)]
    allow: BTreeSet<String>,
    /// Whether to mask requests too.
    #[serde(default)]
    requests: bool,
}

fn all() -> Kinds {
    Kinds::ALL
}

fn named() -> String {
    "[{kind}]".into()
}

impl Transform for MaskPii {
    type Config = Self;

    fn configure(mut config: Self) -> Result<Self, String> {
        let hashes = config.style == Style::Hash || config.styles.values().any(|style| *style == Style::Hash);
        if hashes && config.hash_key.as_ref().is_none_or(|key| key.len() < 16) {
            return Err("the style hash needs a hash_key of at least 16 bytes: without one, hashes are easily guessed".into());
        }
        config.allow = config.allow.iter().map(|text| text.to_lowercase()).collect();
        Ok(config)
    }

    fn before(&self, _: &CallContext, mut request: Request) -> Result<RequestOutcome, String> {
        if !self.requests {
            return Ok(RequestOutcome::Proceed);
        }
        let changed = self.tell(|change| request.replace_text(change))?;
        Ok(if changed { RequestOutcome::Modified(request) } else { RequestOutcome::Proceed })
    }

    fn after(&self, _: &CallContext, mut response: Response) -> Result<ResponseOutcome, String> {
        let changed = self.tell(|change| response.replace_text(change))?;
        Ok(if changed { ResponseOutcome::Modified(response) } else { ResponseOutcome::Proceed })
    }
}

impl MaskPii {
    /// Masks all text that `replace` visits, and logs the number of items of each kind, never the items.
    fn tell(
        &self,
        replace: impl FnOnce(&mut dyn FnMut(&str) -> Option<String>) -> Result<usize, String>,
    ) -> Result<bool, String> {
        let mut counts = BTreeMap::<Kind, u32>::new();
        let changed = replace(&mut |text| self.mask(text, &mut counts))?;
        if changed > 0 {
            let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
            log::info(format!("masked {}", counts.join(", ")));
        }
        Ok(changed > 0)
    }

    fn mask(&self, text: &str, counts: &mut BTreeMap<Kind, u32>) -> Option<String> {
        let mut masked = String::new();
        let mut kept = 0;
        while let Some(Found { kind, start, end }) = find::next(text, kept, self.kinds) {
            masked.push_str(&text[kept..start]);
            masked.push_str(&self.masked(kind, &text[start..end], counts));
            kept = end;
        }
        if kept == 0 {
            return None;
        }
        masked.push_str(&text[kept..]);
        (masked != text).then_some(masked)
    }

    fn masked(&self, kind: Kind, found: &str, counts: &mut BTreeMap<Kind, u32>) -> String {
        if self.allows(kind, found) {
            return found.into();
        }
        *counts.entry(kind).or_default() += 1;
        match self.styles.get(&kind).unwrap_or(&self.style) {
            Style::Replace => self.replacement.replace("{kind}", kind.name()),
            Style::Partial => mask::partial(kind, found),
            Style::Hash => mask::hash(kind, found, self.hash_key.as_deref().unwrap_or_default()),
        }
    }

    fn allows(&self, kind: Kind, found: &str) -> bool {
        if self.allow.is_empty() {
            return false;
        }
        let found = found.to_lowercase();
        let domain = found.find('@').filter(|_| kind == Kind::Email).map(|at| &found[at..]);
        self.allow.contains(&found) || domain.is_some_and(|domain| self.allow.contains(domain))
    }
}

sallyport::export!(MaskPii);
