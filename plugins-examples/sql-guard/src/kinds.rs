use std::collections::BTreeSet;

use crate::lexer::{Dialect, Token};

/// Statements that change something and may be inside a WITH or the parentheses of another statement.
const WRITES: [&str; 5] = ["insert", "update", "delete", "merge", "replace"];
/// Statements that can follow a WITH or an EXPLAIN.
const LED_TO: [&str; 13] = [
    "select", "values", "table", "insert", "update", "delete", "merge", "replace", "create", "declare", "execute", "call", "refresh",
];
/// Words that can begin a statement in SQL Server, which reserves them and needs no semicolon between statements.
const BEGINS_ANYWHERE: [&str; 31] = [
    "alter", "backup", "begin", "bulk", "close", "commit", "create", "dbcc", "deallocate", "declare", "delete", "deny",
    "drop", "exec", "execute", "grant", "insert", "kill", "merge", "open", "reconfigure", "restore", "revert", "revoke",
    "rollback", "save", "shutdown", "truncate", "update", "use", "waitfor",
];

/// Returns the kinds of each statement. A kind is the first word of a statement; a statement that contains another has the
/// other's kind too, and a SELECT that writes its result somewhere is `select_into`.
pub fn of(tokens: &[Token], dialect: Dialect) -> Vec<BTreeSet<String>> {
    let statements = tokens.split(|token| *token == Token::Semicolon);
    statements.filter(|statement| !statement.is_empty()).map(|statement| kinds(statement, dialect)).collect()
}

fn kinds(statement: &[Token], dialect: Dialect) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let begin = statement.iter().position(|token| *token != Token::Open).unwrap_or(0);
    let first = match &statement[begin] {
        Token::Word(word) => word.as_str(),
        _ => "unknown",
    };
    // WITH itself is not a kind.
    if first != "with" {
        kinds.insert(first.to_owned());
    }
    let mut depth = 0;
    // All such words count, because the first may be a name that a WITH defines.
    let leads = matches!(first, "with" | "explain" | "describe" | "desc");
    let mut led = false;
    for (at, token) in statement.iter().enumerate().skip(begin + 1) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Word(word) => {
                let word = word.as_str();
                // replace(…) and insert(…) are functions.
                let writes = WRITES.contains(&word) && statement.get(at + 1) != Some(&Token::Open);
                let nested = writes && statement[at - 1] == Token::Open;
                let main = leads && depth <= 0 && LED_TO.contains(&word) && (writes || !WRITES.contains(&word));
                let anywhere = dialect == Dialect::Mssql && BEGINS_ANYWHERE.contains(&word);
                led |= main;
                if nested || main || anywhere {
                    kinds.insert(word.to_owned());
                }
            }
            _ => {}
        }
    }
    if first == "with" && !led {
        kinds.insert("unknown".to_owned());
    }
    let writes = kinds.iter().any(|kind| WRITES.contains(&kind.as_str()));
    let into = statement.iter().any(|token| matches!(token, Token::Word(word) if word == "into"));
    if into && !writes {
        kinds.insert("select_into".to_owned());
    }
    kinds
}
