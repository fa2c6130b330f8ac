//! Unified diff, in the form that `git apply` takes back.

use std::fmt::Write;

use similar::TextDiff;

use crate::render::Tree;

/// What the tree would create, as one diff in git's extended format; a file that is not UTF-8 text as a binary patch.
#[must_use]
pub fn unified(tree: &Tree) -> String {
    let mut text = String::new();
    for (path, file) in tree.files() {
        let mode = if file.executable { "100755" } else { "100644" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "diff --git a/{path} b/{path}\nnew file mode {mode}");
        match std::str::from_utf8(&file.bytes) {
            Ok(content) if !content.contains('\0') => text.push_str(&created(path.as_str(), content)),
            _ => text.push_str(&binary(path.as_str(), &file.bytes)),
        }
    }
    text
}

/// A binary patch, after the two lines that name the file; git wants the whole hashes to take it back.
fn binary(path: &str, bytes: &[u8]) -> String {
    let mut options = git2::DiffOptions::new();
    options.show_binary(true).force_binary(true).id_abbrev(40);
    let name = std::path::Path::new(path);
    let made = git2::Patch::from_buffers(&[], None, bytes, Some(name), Some(&mut options)).and_then(|mut patch| Ok(patch.to_buf()?.to_vec()));
    let text = made.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match text.find("GIT binary patch") {
        Some(at) => {
            let zero = "0".repeat(40);
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes).map(|id| id.to_string()).unwrap_or_default();
            format!("index {zero}..{id}\n{}", &text[at..])
        }
        None => format!("Binary files /dev/null and b/{} differ\n", name.display()),
    }
}

fn created(path: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    // Lines end at `\n` alone, as for git: a lone carriage return is content.
    let lines: Vec<&str> = content.split_inclusive('\n').collect();
    // After a name with a space, git expects a tab.
    let tab = if path.contains(' ') { "\t" } else { "" };
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&[], &lines);
    diff.unified_diff().header("/dev/null", &format!("b/{path}{tab}")).to_string()
}

/// The change of one text file, in the form that `git apply` takes back.
#[must_use]
pub fn changed(path: &str, before: &str, after: &str) -> String {
    let tab = if path.contains(' ') { "\t" } else { "" };
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
    diff.unified_diff().header(&format!("a/{path}{tab}"), &format!("b/{path}{tab}")).to_string()
}
