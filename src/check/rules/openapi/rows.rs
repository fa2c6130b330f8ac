//! Rows of the catalogue for descriptions of APIs.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Api;

const CONTRACT: (&str, &str) = (
    "EXI-ARCH-3 et EXI-DATA-1 : les objets métiers sont exposés par une API décrite en OpenAPI valide.",
    "EXI-ARCH-3 and EXI-DATA-1: business objects are exposed by an API described in valid OpenAPI.",
);

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "openapi-document",
        Api,
        Cct,
        ("description OpenAPI absente ou invalide", "OpenAPI description missing or invalid"),
        ("corrigez-la d'après la spécification OpenAPI 3.0 ou 3.1", "mend it by the OpenAPI 3.0 or 3.1 specification"),
    )
    .because(CONTRACT),
    Rule::error(
        "openapi-references",
        Api,
        Cct,
        ("référence qui ne mène nulle part dans la description", "reference that leads nowhere in the description"),
        ("ajoutez le composant, ou corrigez la référence", "add the component, or mend the reference"),
    )
    .proves(&["openapi-document"])
    .because(CONTRACT),
    Rule::warning(
        "openapi-operation-id",
        Api,
        Deduced,
        ("opération sans identifiant propre", "operation without an id of its own"),
        ("donnez à chaque opération un operationId unique", "give each operation a unique operationId"),
    )
    .because((
        "La spécification OpenAPI veut des operationId uniques ; les clients générés y prennent leurs noms.",
        "The OpenAPI specification wants unique operationIds; generated clients take their names from them.",
    )),
    Rule::warning(
        "openapi-problem",
        Api,
        Deduced,
        ("erreurs qui ne sont pas décrites en application/problem+json", "errors not described as application/problem+json"),
        ("décrivez les réponses 4xx et 5xx selon la RFC 9457", "describe 4xx and 5xx answers by RFC 9457"),
    )
    .because((
        "EXI-ARCH-3 : un couplage faible suppose que l'appelant sache lire une erreur (RFC 9457).",
        "EXI-ARCH-3: loose coupling supposes that callers can read an error (RFC 9457).",
    )),
    Rule::warning(
        "openapi-security",
        Api,
        Cct,
        ("opération dont le contrat ne dit pas qui peut l'appeler", "operation whose contract does not say who may call it"),
        ("posez `security`, ou une liste vide si elle est ouverte à dessein", "set `security`, or an empty list when it is open on purpose"),
    )
    .because(("EXI-ARCH-11 : les usagers s'identifient par un fournisseur d'identité.", "EXI-ARCH-11: users sign in through an identity provider.")),
    Rule::error(
        "openapi-server-https",
        Api,
        Cct,
        ("serveur joint sans chiffrement", "server reached without encryption"),
        ("écrivez une adresse https, ou relative", "write an https address, or a relative one"),
    )
    .because((
        "EXI-G-3 (RGS) : les échanges avec l'application sont chiffrés ; un client généré prend l'adresse du contrat.",
        "EXI-G-3 (RGS): exchanges with the application are encrypted; a generated client takes the contract's address.",
    )),
    Rule::error(
        "identity-provider",
        Api,
        Cct,
        ("API qui n'attend pas le jeton d'un fournisseur d'identité", "API that does not expect the token of an identity provider"),
        (
            "déclarez un schéma openIdConnect, oauth2 ou bearer, ou une session ouverte par une redirection, et posez `security`",
            "declare a scheme openIdConnect, oauth2 or bearer, or a session opened by a redirection, and set `security`",
        ),
    )
    .because((
        "EXI-ARCH-11 : les usagers s'identifient par le SSO Agent ou FranceConnect.",
        "EXI-ARCH-11: users sign in through the agents' SSO or FranceConnect.",
    )),
    Rule::error(
        "no-local-password",
        Api,
        Cct,
        ("mot de passe reçu par l'application", "password received by the application"),
        (
            "confiez l'identité au fournisseur ; l'application ne voit que son jeton",
            "entrust identity to the provider; the application only sees its token",
        ),
    )
    .because(("EXI-ARCH-11 : aucun mot de passe n'est géré par l'application.", "EXI-ARCH-11: no password is managed by the application.")),
    Rule::error(
        "idempotency-key",
        Api,
        Cct,
        ("création qu'un appel rejoué ferait deux fois", "creation that a replayed call would make twice"),
        ("acceptez l'en-tête Idempotency-Key et rendez la première réponse", "accept the header Idempotency-Key and give the first answer back"),
    )
    .because(("EXI-ARCH-16 : une transaction rejouée ne produit qu'un effet.", "EXI-ARCH-16: a transaction played twice has one effect.")),
];
