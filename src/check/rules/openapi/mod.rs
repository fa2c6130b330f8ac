//! Descriptions of APIs: valid `OpenAPI` 3.0 or 3.1 by the schemas that the `OpenAPI` Initiative publishes
//! (`spec.openapis.org/oas/3.0/schema/2021-09-28`, `…/3.1/schema/2022-10-07`, Apache-2.0, embedded), and what a contract
//! must say of errors, identity and retries. No reference is followed outside of the file.

mod rows;

pub use rows::RULES;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::check::repository::{Input, file_name, join};
use crate::check::view::View;
use crate::check::{Report, escaped, items, text};
use crate::text;
use crate::text::Text;
use crate::yaml::Node;

static OAS_3_0: LazyLock<Option<Validator>> = LazyLock::new(|| validator(include_str!("oas-3.0.schema.json")));
static OAS_3_1: LazyLock<Option<Validator>> = LazyLock::new(|| validator(include_str!("oas-3.1.schema.json")));

fn validator(schema: &str) -> Option<Validator> {
    jsonschema::validator_for(&serde_json::from_str(schema).ok()?).ok()
}

/// Folders whose descriptions are not the application's contract.
const ASIDE: [&str; 7] = ["test", "tests", "fixtures", "testdata", "examples", "exemples", "vendor"];

/// Checks every description of an API; a back end of mirai-kit has one.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let named = |path: &str| {
        let name = file_name(path).to_lowercase();
        let stem = name.strip_suffix(".json").or_else(|| name.strip_suffix(".yaml")).or_else(|| name.strip_suffix(".yml"));
        stem.is_some_and(|stem| stem == "openapi" || stem.ends_with(".openapi") || stem.ends_with("-openapi"))
            && !path.split('/').any(|f| ASIDE.contains(&f))
    };
    let projects = view.projects();
    for path in view.paths(named) {
        // JSON is YAML: one reader gives the places.
        let Some(node) = view.yaml(Input::Api, &path) else { continue };
        let value = node.value();
        if value.get("openapi").is_some() {
            let own = projects.iter().any(|root| crate::check::repository::below(&path, root));
            Document { report: &mut report, path: &path, node: &node, value: &value, own, lacking: BTreeMap::new() }.judge();
        }
    }
    let fastapi = view.answers.and_then(|a| a.get("backend")).and_then(Value::as_str) == Some("fastapi");
    for root in projects.iter().filter(|_| fastapi) {
        let expected = join(root, "backend/openapi.json");
        if view.has(&join(root, "backend/pyproject.toml")) && !view.has(&expected) {
            report.see_in("openapi-document", &expected, None, Some(Text::new("le fichier est absent", "the file is missing")));
        }
    }
    report
}

struct Document<'a> {
    report: &'a mut Report,
    path: &'a str,
    node: &'a Node,
    value: &'a Value,
    /// A project of mirai-kit holds it.
    own: bool,
    /// Operations that lack something, by rule: one finding says how many.
    lacking: BTreeMap<&'static str, Vec<(String, Text)>>,
}

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

impl Document<'_> {
    fn see(&mut self, rule: &'static str, pointer: &str, part: &str, problem: Option<Text>) {
        let line = self.node.line_of(pointer);
        self.report.see_part(rule, self.path, Some(line), part, problem);
    }

    fn judge(&mut self) {
        let version = text(self.value, "/openapi").to_owned();
        let schema = if version.starts_with("3.0.") {
            &*OAS_3_0
        } else if version.starts_with("3.1.") {
            &*OAS_3_1
        } else {
            let problem = text!("version {version} : 3.0 ou 3.1 attendue", "version {version}: 3.0 or 3.1 expected");
            return self.see("openapi-document", "/openapi", "", Some(problem));
        };
        let value = self.value;
        let fault = schema.as_ref().and_then(|schema| schema.iter_errors(value).next());
        let (at, problem) = match fault {
            None => (String::new(), None),
            Some(error) => {
                let (at, what) = (error.instance_path().to_string(), error.to_string());
                let what: String = what.chars().take(200).collect();
                (at.clone(), Some(Text::same(format!("{at} : {what}"))))
            }
        };
        self.see("openapi-document", &at, "", problem);
        self.references(value, "");
        self.servers();
        self.identity();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        for (route, item) in value.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten().filter(|(m, _)| METHODS.contains(&m.as_str())) {
                let at = format!("/paths/{}/{method}", escaped(route));
                self.operation(&at, &format!("{} {route}", method.to_uppercase()), item, operation, &mut ids);
            }
        }
        for (rule, lacking) in std::mem::take(&mut self.lacking) {
            let Some((at, first)) = lacking.first() else { continue };
            let (more, fr, en) = (lacking.len() - 1, &first.fr, &first.en);
            let what = if more == 0 { first.clone() } else { text!("{fr} ; et {more} opérations de plus", "{en}; and {more} more operations") };
            self.see(rule, at, "", Some(what));
        }
    }

    /// Counts an operation, and keeps what it lacks.
    fn lack(&mut self, rule: &'static str, at: &str, shown: &str, problem: Option<Text>) {
        match problem {
            None => self.see(rule, at, shown, None),
            Some(Text { fr, en }) => {
                let what = Text::new(format!("{shown} : {fr}"), format!("{shown}: {en}"));
                self.lacking.entry(rule).or_default().push((at.to_owned(), what));
            }
        }
    }

    fn operation(&mut self, at: &str, shown: &str, item: &Value, operation: &Value, ids: &mut BTreeMap<String, String>) {
        let id = text(operation, "/operationId");
        let twice = if id.is_empty() { None } else { ids.insert(id.to_owned(), shown.to_owned()) };
        let problem = if id.is_empty() {
            Some(Text::new("sans operationId", "no operationId"))
        } else {
            twice.map(|other| text!("operationId {id} déjà pris par {other}", "operationId {id} already taken by {other}"))
        };
        self.lack("openapi-operation-id", at, shown, problem);
        let answers = operation.get("responses").and_then(Value::as_object);
        let errors = answers.into_iter().flatten().filter(|(code, _)| code.starts_with(['4', '5']) || *code == "default");
        let mut described = false;
        let mut plain = None;
        for (code, answer) in errors {
            described = true;
            let answer = resolve(self.value, answer);
            let content = answer.get("content").and_then(Value::as_object);
            if content.is_some_and(|c| !c.keys().any(|k| k.starts_with("application/problem+"))) {
                plain = plain.or_else(|| Some(code.clone()));
            }
        }
        let problem = match plain {
            Some(code) => Some(text!("{code} sans application/problem+json", "{code} without application/problem+json")),
            None => (!described).then(|| Text::new("aucune réponse d'erreur", "no error answer")),
        };
        self.lack("openapi-problem", at, shown, problem);
        let secured = operation.get("security").or_else(|| self.value.get("security"));
        // An empty list says that the operation is open: somebody decided so.
        self.lack("openapi-security", at, shown, secured.is_none().then(|| Text::new("aucun schéma de sécurité", "no security scheme")));
        if at.ends_with("/post") {
            self.see("no-local-password", at, shown, self.login(shown, operation).map(Text::same));
        }
        if at.ends_with("/post") && answers.is_some_and(|a| a.contains_key("201")) {
            let keyed = items(operation, "/parameters").chain(items(item, "/parameters")).any(|parameter| {
                let parameter = resolve(self.value, parameter);
                text(parameter, "/in") == "header" && text(parameter, "/name").eq_ignore_ascii_case("Idempotency-Key")
            });
            // Elsewhere, a natural key may do as well: the contract does not tell.
            if keyed || self.own {
                self.see("idempotency-key", at, shown, (!keyed).then(|| Text::new("sans en-tête Idempotency-Key", "no header Idempotency-Key")));
            }
        }
    }

    /// The password that a sign-in receives; elsewhere, a password may be that of another service.
    fn login(&self, shown: &str, operation: &Value) -> Option<String> {
        if !signs_in(shown) {
            return None;
        }
        let body = resolve(self.value, operation.get("requestBody")?);
        let bodies = body.get("content").and_then(Value::as_object)?.values().filter_map(|c| c.get("schema"));
        let fields = bodies.filter_map(|schema| resolve(self.value, schema).get("properties")?.as_object()).flatten();
        let secret = |name: &str| matches!(name, "password" | "mot_de_passe" | "motdepasse" | "mdp" | "passwd" | "newpassword" | "new_password");
        fields.map(|(name, _)| name.clone()).find(|name| secret(&name.to_lowercase()))
    }

    /// Whether a GET that signs in only redirects: whoever knows the password is elsewhere.
    fn sent_to_sign_in(&self) -> bool {
        let routes = self.value.get("paths").and_then(Value::as_object);
        routes.into_iter().flatten().any(|(route, item)| {
            let answers = item.pointer("/get/responses").and_then(Value::as_object);
            signs_in(route)
                && answers.is_some_and(|a| {
                    let redirects = ["302", "303", "307"].iter().any(|code| a.contains_key(*code));
                    redirects && !a.keys().any(|code| code.starts_with('2'))
                })
        })
    }

    /// The server that a client of production calls is reached over TLS.
    fn servers(&mut self) {
        let servers: Vec<String> = items(self.value, "/servers").map(|s| text(s, "/url").to_owned()).collect();
        for (index, url) in servers.iter().enumerate() {
            let host = url.strip_prefix("http://").map(|rest| rest.split([':', '/']).next().unwrap_or_default());
            let local = |host: &str| {
                matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[")
                    || host.starts_with('{')
                    || ["local", "localhost", "test", "example", "invalid"].iter().any(|end| host.ends_with(&format!(".{end}")))
                    || !host.contains('.')
            };
            self.see("openapi-server-https", &format!("/servers/{index}/url"), "", host.filter(|h| !local(h)).map(|_| Text::same(url.clone())));
        }
    }

    /// How callers are known: a provider's token, never a password that the application keeps.
    fn identity(&mut self) {
        let value = self.value;
        let schemes = value.pointer("/components/securitySchemes").and_then(Value::as_object);
        let mut trusted = false;
        for (name, scheme) in schemes.into_iter().flatten() {
            let scheme = resolve(value, scheme);
            let at = format!("/components/securitySchemes/{name}");
            let (kind, http) = (text(scheme, "/type"), text(scheme, "/scheme").to_lowercase());
            let password = kind == "http" && (http == "basic" || http == "digest") || kind == "oauth2" && scheme.pointer("/flows/password").is_some();
            self.see(
                "no-local-password",
                &at,
                name,
                password.then(|| Text::new("mot de passe envoyé à l'application", "password sent to the application")),
            );
            trusted |= !password && (kind == "openIdConnect" || kind == "oauth2" || kind == "http" && http == "bearer");
            // Passage2's proxy sets this header, and removes the caller's.
            trusted |= kind == "apiKey" && text(scheme, "/in") == "header" && text(scheme, "/name") == "Mellon-NameID";
            // A session that the server opens: signing in is being sent to the provider.
            trusted |= kind == "apiKey" && text(scheme, "/in") == "cookie" && self.sent_to_sign_in();
        }
        let all = items(self.value, "/security").next().is_some();
        // A contract without any scheme says nothing of identity.
        if schemes.is_some_and(|s| !s.is_empty()) {
            let problem = (!trusted).then(|| Text::new("aucun jeton d'un fournisseur d'identité", "no token of an identity provider"));
            if trusted && all || self.own {
                self.see("identity-provider", "/components/securitySchemes", "", problem);
            }
        }
    }

    fn references(&mut self, value: &Value, at: &str) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref")
                    && let Some(pointer) = reference.strip_prefix('#')
                {
                    let lost = (pointer.is_empty() || pointer.starts_with('/')) && self.value.pointer(pointer).is_none();
                    self.see("openapi-references", at, "", lost.then(|| Text::same(reference.clone())));
                }
                for (key, inner) in map.iter().filter(|(key, _)| !matches!(key.as_str(), "example" | "examples" | "default" | "enum" | "const")) {
                    self.references(inner, &format!("{at}/{}", escaped(key)));
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    self.references(inner, &format!("{at}/{index}"));
                }
            }
            _ => {}
        }
    }
}

/// Whether the last part of a route is where people sign in.
fn signs_in(route: &str) -> bool {
    let last = route.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    ["login", "signin", "sign-in", "signup", "sign-up", "register", "connexion", "inscription", "authenticate", "reset-password", "change-password"]
        .contains(&last.as_str())
}

/// What stands behind a reference to this file.
fn resolve<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let target = text(value, "/$ref").strip_prefix('#').filter(|p| !p.is_empty());
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}
