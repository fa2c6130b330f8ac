//! Who signs the first commit: git's environment, else its configuration, else a stated fallback.

use git2::Config;

/// Name of the fallback identity.
pub const FALLBACK_NAME: &str = "mirai-kit";
/// Address of the fallback identity.
pub const FALLBACK_EMAIL: &str = "mirai-kit@localhost";

/// Where an identity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL` (one may come from the configuration, as git does).
    Environment,
    /// `author.name`/`user.name` and `author.email`/`user.email` of git's configuration.
    Configuration,
    /// Neither has both a name and an address.
    Fallback,
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Where they come from.
    pub source: Source,
}

impl Identity {
    /// The identity that git would use: `git(1)`'s environment, then the system's, the user's and, given one, the
    /// repository's configuration.
    #[must_use]
    pub fn resolve(repository: Option<&git2::Repository>, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let config = match repository {
            Some(repository) => repository.config(),
            None => Config::open_default(),
        };
        let config = config.and_then(|mut c| c.snapshot()).ok();
        let configured = |keys: [&str; 2]| keys.iter().find_map(|key| usable(&config.as_ref()?.get_string(key).ok()?));
        let given = |key| environment(key).as_deref().and_then(usable);
        let (given_name, given_email) = (given("GIT_AUTHOR_NAME"), given("GIT_AUTHOR_EMAIL"));
        let source = if given_name.is_some() || given_email.is_some() { Source::Environment } else { Source::Configuration };
        let name = given_name.or_else(|| configured(["author.name", "user.name"]));
        let email = given_email.or_else(|| configured(["author.email", "user.email"])).or_else(|| given("EMAIL"));
        match (name, email) {
            (Some(name), Some(email)) => Self { name, email, source },
            _ => Self::fallback(),
        }
    }

    /// The identity used when git knows none.
    #[must_use]
    pub fn fallback() -> Self {
        Self { name: FALLBACK_NAME.to_owned(), email: FALLBACK_EMAIL.to_owned(), source: Source::Fallback }
    }
}

/// What git keeps of a name or address: without the characters that delimit them in a commit. Nothing left: none.
fn usable(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !matches!(c, '<' | '>' | '\n' | '\0')).collect();
    let kept = kept.trim_matches(|c: char| c.is_ascii_control() || " .,:;\"\\'".contains(c));
    (!kept.is_empty()).then(|| kept.to_owned())
}
