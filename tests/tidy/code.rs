//! Source files as the rules read them: without comments and literals, so that a rule is
//! broken by code and never by talk about code.

use std::path::Path;

/// One file of the house.
pub struct File {
    /// Its path from the house's root, with `/`.
    pub path: String,
    /// Its code: comments, strings and characters are spaces, line by line.
    pub code: String,
}

impl File {
    /// The file at `path` with this content.
    pub fn new(path: &str, text: &str) -> Self {
        File { path: path.to_owned(), code: without_hidden(text) }
    }

    /// The code that is part of the product: not the tests beside it.
    pub fn product(&self) -> String {
        let is_test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        if is_test || !self.path.starts_with("src/") {
            return String::new();
        }
        let mut code = self.code.clone();
        while let Some(start) = code.find("#[cfg(test)]").or(code.find("#[cfg(all(test,")) {
            let end = start + item_len(&code[start..]);
            code.replace_range(start..end, &blank(&code[start..end]));
        }
        code
    }

    /// The top-level module it belongs to; `main` for the program, none for `lib.rs`.
    pub fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        Some(first.trim_end_matches(".rs")).filter(|module| *module != "lib")
    }

    /// How many modules lie between it and the crate: 1 for `src/a.rs` and `src/a/mod.rs`.
    pub fn depth(&self) -> usize {
        let steps = self.path.split('/').count() - 1;
        if self.path.ends_with("/mod.rs") { steps - 1 } else { steps }
    }

    /// `path:line` of byte `at` of the code.
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.code[..at].matches('\n').count() + 1)
    }
}

/// Every Rust file under `folders` of `root`, in order.
pub fn read_house(root: &Path, folders: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    for folder in folders {
        read_folder(root, &root.join(folder), &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let parts = path.strip_prefix(root).unwrap().iter().map(|part| part.to_str().unwrap());
            let name = parts.collect::<Vec<_>>().join("/");
            files.push(File::new(&name, &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Where `needle` stands in `code` as a word, or as a chain of words and signs.
pub fn find_word(code: &str, needle: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let stands_alone = |at: &usize| {
        let before = code[..*at].chars().next_back().filter(|_| needle.starts_with(is_part));
        let after = code[at + needle.len()..].chars().next().filter(|_| needle.ends_with(is_part));
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    code.match_indices(needle).map(|(at, _)| at).filter(stands_alone).collect()
}

/// The first names of all paths that begin with `root` (such as `crate::`): `a` and `c` in
/// `use crate::{a::b, c};`, each with where it stands.
pub fn first_names(code: &str, root: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for at in find_word(code, root) {
        let rest = &code[at + root.len()..];
        if !rest.starts_with('{') {
            names.push((at, leading_name(rest)));
            continue;
        }
        let group = &rest[1..item_len(rest) - 1];
        let mut depth = 0;
        for part in group.split_inclusive(['{', '}', ',']) {
            if depth == 0 && !leading_name(part.trim()).is_empty() {
                names.push((at, leading_name(part.trim())));
            }
            depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
        }
    }
    names
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The named functions of `code`: name, where it starts, how many lines it has.
pub fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut functions = Vec::new();
    for at in find_word(code, "fn") {
        let name = leading_name(code[at + 2..].trim_start());
        if !name.is_empty() {
            let lines = code[at..at + item_len(&code[at..])].lines().count();
            functions.push((name, at, lines));
        }
    }
    functions
}

/// The length of the item that `code` begins with: to its `;`, or to the `}` of its body.
fn item_len(code: &str) -> usize {
    let (mut brackets, mut braces) = (0, 0);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            ';' => {}
            _ => continue,
        }
        if matches!(c, '}' | ';') && braces == 0 && brackets == 0 {
            return at + 1;
        }
    }
    code.len()
}

fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

fn without_hidden(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_len(rest);
        let len = if hidden > 0 { hidden } else { first.len_utf8() };
        let (head, tail) = rest.split_at(len);
        code.push_str(&if hidden > 0 { blank(head) } else { head.to_owned() });
        rest = tail;
    }
    code
}

/// The length of the comment or literal that `text` begins with; 0 if it is neither.
fn hidden_len(text: &str) -> usize {
    let until = |end: &str, from: usize| {
        text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
    };
    let raw = text.trim_start_matches('b').strip_prefix('r');
    let hashes = raw.map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if text.starts_with("/*") {
        until("*/", 2)
    } else if raw.is_some_and(|raw| raw[hashes..].starts_with('"')) {
        until(&format!("\"{}", "#".repeat(hashes)), text.find('"').unwrap_or(0) + 1)
    } else if let Some(string) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = string.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        end.map_or(text.len(), |end| end + 2)
    } else if text.starts_with("'\\") {
        until("'", 3)
    } else if text.starts_with('\'') {
        let quoted = text.chars().nth(1).map_or(0, char::len_utf8);
        if text[1 + quoted..].starts_with('\'') { quoted + 2 } else { 0 }
    } else {
        0
    }
}
