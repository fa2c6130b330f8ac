//! What the files of the chains say of the images they build: the arguments that they give, the Dockerfiles that they name.

use crate::check::ci::github;
use crate::check::repository::Input::Workflows;
use crate::check::repository::{extension, file_name, folder};
use crate::check::view::View;

/// The texts of the chains of a repository, whatever the forge.
pub struct Chains(Vec<String>);

impl Chains {
    /// Reads them.
    pub fn new(view: &mut View<'_>) -> Self {
        let chain = |path: &str| {
            let gitlab = file_name(path).contains("gitlab-ci") && matches!(extension(path), "yml" | "yaml");
            github::named(path) || gitlab || file_name(path).starts_with("docker-bake.")
        };
        Self(view.paths(chain).iter().filter_map(|path| view.text(Workflows, path)).collect())
    }

    /// Whether a chain gives an argument of the build: `NAME=value`.
    #[must_use]
    pub fn give(&self, argument: &str) -> bool {
        self.0.iter().any(|text| parts(text, argument).any(|(_, after)| after == Some('=')))
    }

    /// Whether a chain names a file.
    #[must_use]
    pub fn name(&self, path: &str) -> bool {
        self.0.iter().any(|text| parts(text, path).next().is_some())
    }

    /// Whether a chain names the folder of a Dockerfile; that of the repository always is.
    #[must_use]
    pub fn name_folder(&self, dockerfile: &str) -> bool {
        matches!(folder(dockerfile), "") || self.name(folder(dockerfile))
    }
}

/// The places of a word in a text, with the characters around it.
fn parts<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = (Option<char>, Option<char>)> + 't {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let around = move |at: usize| (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
    text.match_indices(word).map(move |(at, _)| around(at)).filter(move |(before, after)| !before.is_some_and(part) && !after.is_some_and(part))
}

/// The variables that a text names: `$NAME`, `${NAME}`, `${NAME:-default}`.
pub fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches('{');
        &rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::{Chains, variables};

    #[test]
    fn an_argument_is_given_by_its_whole_name_and_a_folder_is_named_by_its_whole_path() {
        let chains = Chains(vec!["build-args: |\n  BASE_IMAGE=${{ matrix.base }}\nfile: ./apps/web/Dockerfile".into()]);
        assert!(chains.give("BASE_IMAGE") && !chains.give("IMAGE") && !chains.give("matrix"));
        assert!(chains.name("apps/web/Dockerfile") && chains.name_folder("apps/web/Dockerfile") && !chains.name("web-app/Dockerfile"));
        assert!(chains.name_folder("Dockerfile") && !chains.name_folder("apps/web-app/Dockerfile"));
        assert_eq!(variables("${A:-x}/$B:1").collect::<Vec<_>>(), ["A", "B"]);
    }
}
