use serde::Deserialize;
use serde_json::Value;

/// A JSON path (RFC 9535) with names, indexes, wildcards and descendants, without filters and slices:
/// `$.items[*].secret`, `$['a name']`, `$..debug`, `$.rows[0]`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Path(Vec<Step>);

struct Step {
    /// Whether it matches at any depth.
    deep: bool,
    select: Select,
}

enum Select {
    Name(String),
    Index(usize),
    All,
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        parse(&path).ok_or_else(|| format!("{path} is no path: write one like $.items[*].name, $['a name'] or $..name"))
    }
}

fn parse(path: &str) -> Option<Path> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let deep = rest.starts_with("..");
        let dotted = rest.strip_prefix("..").or_else(|| rest.strip_prefix('.'));
        let (select, next) = match dotted {
            Some(after) if !(deep && after.starts_with('[')) => name(after)?,
            Some(after) => bracket(after)?,
            None => bracket(rest)?,
        };
        steps.push(Step { deep, select });
        rest = next;
    }
    (!steps.is_empty()).then_some(Path(steps))
}

fn name(text: &str) -> Option<(Select, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Select::All, rest));
    }
    let part_of_name = |each: char| each.is_alphanumeric() || each == '_' || each == '-' || each == '$';
    let length = text.find(|each| !part_of_name(each)).unwrap_or(text.len());
    (length > 0).then(|| (Select::Name(text[..length].into()), &text[length..]))
}

fn bracket(text: &str) -> Option<(Select, &str)> {
    let inside = text.strip_prefix('[')?;
    if let Some(rest) = inside.strip_prefix("*]") {
        return Some((Select::All, rest));
    }
    if let Some(quote) = ['\'', '"'].into_iter().find(|quote| inside.starts_with(*quote)) {
        let mut name = String::new();
        let mut each = inside[1..].char_indices();
        while let Some((at, character)) = each.next() {
            if character == quote {
                return Some((Select::Name(name), inside[1 + at + 1..].strip_prefix(']')?));
            }
            name.push(if character == '\\' { each.next()?.1 } else { character });
        }
        return None;
    }
    let (digits, rest) = inside.split_once(']')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    plain.then(|| digits.parse().ok())?.map(|index| (Select::Index(index), rest))
}

impl Path {
    /// Whether a JSON text may contain what the path selects: all its names are in the text, or hidden by escapes.
    pub fn may_be_in(&self, text: &str) -> bool {
        let is_in = |step: &Step| match &step.select {
            Select::Name(name) => text.contains(name.as_str()),
            _ => true,
        };
        self.0.iter().all(is_in) || text.contains('\\')
    }

    /// Removes what the path selects and returns the number of removed values.
    pub fn remove(&self, value: &mut Value) -> usize {
        remove(value, &self.0)
    }
}

fn remove(value: &mut Value, steps: &[Step]) -> usize {
    let Some((step, rest)) = steps.split_first() else {
        return 0;
    };
    let mut removed = if rest.is_empty() {
        take(value, &step.select)
    } else {
        selected(value, &step.select).into_iter().map(|inner| remove(inner, rest)).sum()
    };
    if let (Select::Name(properties), [last]) = (&step.select, rest)
        && properties == "properties"
        && let Select::Name(name) = &last.select
        && let Some(Value::Array(required)) = value.get_mut("required").filter(|_| removed > 0)
    {
        // A JSON Schema must not require a removed property.
        required.retain(|each| each.as_str() != Some(name));
    }
    if step.deep {
        removed += selected(value, &Select::All).into_iter().map(|inner| remove(inner, steps)).sum::<usize>();
    }
    removed
}

fn selected<'a>(value: &'a mut Value, select: &Select) -> Vec<&'a mut Value> {
    match (value, select) {
        (Value::Object(members), Select::Name(name)) => members.get_mut(name).into_iter().collect(),
        (Value::Object(members), Select::All) => members.values_mut().collect(),
        (Value::Array(entries), Select::Index(index)) => entries.get_mut(*index).into_iter().collect(),
        (Value::Array(entries), Select::All) => entries.iter_mut().collect(),
        _ => Vec::new(),
    }
}

fn take(value: &mut Value, select: &Select) -> usize {
    match (value, select) {
        // This keeps the order of the others.
        (Value::Object(members), Select::Name(name)) => usize::from(members.shift_remove(name).is_some()),
        (Value::Object(members), Select::All) => {
            let count = members.len();
            members.clear();
            count
        }
        (Value::Array(entries), Select::Index(index)) if *index < entries.len() => {
            entries.remove(*index);
            1
        }
        (Value::Array(entries), Select::All) => {
            let count = entries.len();
            entries.clear();
            count
        }
        _ => 0,
    }
}
