use serde::Deserialize;

/// The dialects, which differ in what is a string, a name or a comment, and so in where a statement begins.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
    Mssql,
}

#[derive(Debug, PartialEq)]
pub enum Token {
    /// An unquoted word, in lower case.
    Word(String),
    Open,
    Close,
    Semicolon,
    /// A string, a quoted name, a number or an operator.
    Other,
}

/// Tokenizes SQL. Unterminated strings and comments are errors.
pub fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    // Whether the position is inside a comment that MySQL executes.
    let mut executed = false;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if first.is_whitespace() {
            rest = after;
        } else if let Some(next) = line_comment(rest, dialect) {
            rest = next;
        } else if executed && rest.starts_with("*/") {
            executed = false;
            rest = &rest[2..];
        } else if let Some(inside) = rest.strip_prefix("/*") {
            let run = inside.strip_prefix('!').or_else(|| inside.strip_prefix("M!"));
            match run {
                Some(_) if dialect == Dialect::Mysql && executed => return Err("nested comment"),
                Some(text) if dialect == Dialect::Mysql => {
                    executed = true;
                    rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
                }
                _ => rest = block_comment(inside, dialect)?,
            }
        } else if first == '\'' || first == '"' || first == '`' {
            let escapes = dialect == Dialect::Mysql && first != '`';
            rest = quoted(after, first, escapes)?;
            tokens.push(Token::Other);
        } else if first == '[' && matches!(dialect, Dialect::Mssql | Dialect::Sqlite) {
            rest = quoted(after, ']', false)?;
            tokens.push(Token::Other);
        } else if first == '$' && dialect == Dialect::Postgres {
            rest = match dollar(rest) {
                Some(tagged) => tagged?,
                None => after,
            };
            tokens.push(Token::Other);
        } else if starts_word(first) {
            let length = rest.find(|each: char| !continues_word(each)).unwrap_or(rest.len());
            let word = rest[..length].to_lowercase();
            rest = &rest[length..];
            // A string with a prefix: E'…' has escapes, a name U&"…" has none.
            if dialect == Dialect::Postgres && word == "e" && rest.starts_with('\'') {
                rest = quoted(&rest[1..], '\'', true)?;
                tokens.push(Token::Other);
            } else {
                tokens.push(Token::Word(word));
            }
        } else if first.is_ascii_digit() {
            rest = after.trim_start_matches(|each: char| continues_word(each) || each == '.');
            tokens.push(Token::Other);
        } else {
            tokens.push(match first {
                '(' => Token::Open,
                ')' => Token::Close,
                ';' => Token::Semicolon,
                _ => Token::Other,
            });
            rest = after;
        }
    }
    if executed { Err("unterminated comment") } else { Ok(tokens) }
}

fn starts_word(each: char) -> bool {
    each.is_alphabetic() || each == '_'
}

fn continues_word(each: char) -> bool {
    each.is_alphanumeric() || each == '_' || each == '$'
}

/// Returns the text after a line comment. In MySQL `--` begins one only before a space, and so does `#`.
fn line_comment(text: &str, dialect: Dialect) -> Option<&str> {
    let begins = match dialect {
        Dialect::Mysql => {
            let dashes = text.strip_prefix("--").map(|after| after.chars().next());
            text.starts_with('#') || dashes.is_some_and(|next| next.is_none_or(|each| each.is_whitespace() || each.is_control()))
        }
        _ => text.starts_with("--"),
    };
    // PostgreSQL also ends the comment at a carriage return. Doing so for all hides nothing, because what follows is then
    // read, not skipped.
    let ends: &[char] = if dialect == Dialect::Postgres { &['\n', '\r'] } else { &['\n'] };
    begins.then(|| text.find(ends).map_or("", |end| &text[end..]))
}

/// Returns the text after a block comment whose start has been read. In PostgreSQL and SQL Server comments nest.
fn block_comment(mut text: &str, dialect: Dialect) -> Result<&str, &'static str> {
    let nests = matches!(dialect, Dialect::Postgres | Dialect::Mssql);
    let mut depth = 1;
    loop {
        let Some(end) = text.find("*/") else {
            // SQLite ends it at the end of the text.
            return if dialect == Dialect::Sqlite { Ok("") } else { Err("unterminated comment") };
        };
        match text.find("/*").filter(|start| nests && *start < end) {
            Some(start) => {
                depth += 1;
                text = &text[start + 2..];
            }
            None => {
                depth -= 1;
                text = &text[end + 2..];
                if depth == 0 {
                    return Ok(text);
                }
            }
        }
    }
}

/// Returns the text after a string or name whose first quote has been read; a doubled quote belongs to it.
fn quoted(text: &str, quote: char, escapes: bool) -> Result<&str, &'static str> {
    let mut at = 0;
    while let Some(distance) = text[at..].find(|each| each == quote || (escapes && each == '\\')) {
        let found = at + distance;
        let after = &text[found + 1..];
        if !text[found..].starts_with(quote) {
            at = found + 1 + after.chars().next().map_or(0, char::len_utf8);
        } else if after.starts_with(quote) {
            at = found + 2;
        } else {
            return Ok(after);
        }
    }
    Err("unterminated string")
}

/// Returns the text after `$tag$ … $tag$`; `None` if the text does not begin with one.
fn dollar(text: &str) -> Option<Result<&str, &'static str>> {
    let length = text[1..].find(|each: char| !(each.is_alphanumeric() || each == '_'))?;
    let tag = &text[..length + 2];
    if !tag.ends_with('$') || tag[1..].starts_with(|each: char| each.is_ascii_digit()) {
        return None;
    }
    let inside = &text[tag.len()..];
    Some(inside.find(tag).map(|end| &inside[end + tag.len()..]).ok_or("unterminated string"))
}
