use serde::Deserialize;

/// Where databases disagree on what is text, a name or a comment, and so on where a statement begins.
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
    /// A word outside of quotes, in lower case.
    Word(String),
    Open,
    Close,
    Semicolon,
    /// A text, a name in quotes, a number, an operator.
    Other,
}

/// Splits SQL. What has no end is refused, with what it is.
pub fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    // Whether what is read stands in a comment that MySQL runs.
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
                Some(_) if dialect == Dialect::Mysql && executed => return Err("a comment in a comment"),
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
            // Text with a letter before it: E'…' has escapes, and a name U&"…" none.
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
    if executed { Err("a comment has no end") } else { Ok(tokens) }
}

fn starts_word(each: char) -> bool {
    each.is_alphabetic() || each == '_'
}

fn continues_word(each: char) -> bool {
    each.is_alphanumeric() || each == '_' || each == '$'
}

/// What follows a comment up to the end of the line. In MySQL `--` begins one only before a space, and `#` does too.
fn line_comment(text: &str, dialect: Dialect) -> Option<&str> {
    let begins = match dialect {
        Dialect::Mysql => {
            let dashes = text.strip_prefix("--").map(|after| after.chars().next());
            text.starts_with('#') || dashes.is_some_and(|next| next.is_none_or(|each| each.is_whitespace() || each.is_control()))
        }
        _ => text.starts_with("--"),
    };
    // PostgreSQL takes a carriage return for an end too; there nothing is hidden when the others are read so as well,
    // because what comes after it is read and not skipped.
    let ends: &[char] = if dialect == Dialect::Postgres { &['\n', '\r'] } else { &['\n'] };
    begins.then(|| text.find(ends).map_or("", |end| &text[end..]))
}

/// What follows a comment whose beginning has been read. In PostgreSQL and SQL Server comments nest.
fn block_comment(mut text: &str, dialect: Dialect) -> Result<&str, &'static str> {
    let nests = matches!(dialect, Dialect::Postgres | Dialect::Mssql);
    let mut depth = 1;
    loop {
        let Some(end) = text.find("*/") else {
            // SQLite ends it with the text.
            return if dialect == Dialect::Sqlite { Ok("") } else { Err("a comment has no end") };
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

/// What follows a text or name whose first quote has been read; a quote that is doubled belongs to it.
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
    Err("a text has no end")
}

/// What follows `$tag$ … $tag$`; `None` when that is not what the text begins with.
fn dollar(text: &str) -> Option<Result<&str, &'static str>> {
    let length = text[1..].find(|each: char| !(each.is_alphanumeric() || each == '_'))?;
    let tag = &text[..length + 2];
    if !tag.ends_with('$') || tag[1..].starts_with(|each: char| each.is_ascii_digit()) {
        return None;
    }
    let inside = &text[tag.len()..];
    Some(inside.find(tag).map(|end| &inside[end + tag.len()..]).ok_or("a text has no end"))
}
