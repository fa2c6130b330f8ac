//! What the rules over secrets in manifests say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Platform};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error("no-inline-secret", Manifests, Cct, ("Secret en clair", "Secret in clear"), ("lisez-le du coffre (VaultStaticSecret), ou chiffrez-le (SopsSecret)", "read it from the vault (VaultStaticSecret), or encrypt it (SopsSecret)"))
    .because(("EXI-ARCH-10 et EXI-ARCH-13 confient les secrets au coffre. Sous Argo CD, un Secret rendu par un chart vient de Git, ou change à chaque synchronisation", "EXI-ARCH-10 and EXI-ARCH-13 entrust secrets to the vault. Under Argo CD a Secret rendered by a chart comes from Git, or changes at each synchronisation")),
    Rule::error("env-credential", Manifests, Cct, ("secret en clair dans une variable d’environnement", "credential in clear in an environment variable"), ("lisez-le d’un Secret (secretKeyRef)", "read it from a Secret (secretKeyRef)"))
    .because(("la valeur est dans Git, et visible de qui lit le pod (EXI-ARCH-13)", "The value is in Git, and seen by whoever reads the pod (EXI-ARCH-13)"))
    .proves(&["no-inline-secret"])
    .equals(&["kube-linter:env-var-secret"]),
    Rule::error("url-credentials", Manifests, Cct, ("mot de passe dans une adresse", "password inside an address"), ("composez l’adresse d’un Secret, ou donnez le mot de passe à part", "make the address from a Secret, or give the password apart"))
    .because(("la valeur est dans Git, et passe dans les journaux avec l’adresse (EXI-ARCH-13)", "The value is in Git, and goes into the logs with the address (EXI-ARCH-13)"))
    .proves(&["no-inline-secret"]),
    Rule::warning("no-bundled-base-service", Manifests, Cct, ("service du socle embarqué en production", "base service bundled in production"), ("consommez celui de la plateforme", "consume the platform's"))
    .because(("EXI-ARCH-10 : les services du socle (identité, coffre, registre, supervision) sont consommés ; un dépôt peut aussi être celui d’un tel service, d’où l’avertissement", "EXI-ARCH-10: base services (identity, vault, registry, monitoring) are consumed; a repository may also be that of such a service, hence the warning")),
    Rule::error(
        "vault-console",
        Manifests,
        Platform,
        ("secret lu ailleurs que dans le coffre du projet", "secret read elsewhere than in the project's vault"),
        ("gardez mount à l'identifiant du projet dans la console, et vaultAuthRef: vault-auth", "keep mount at the project's identifier in the console, and vaultAuthRef: vault-auth"),
    )
    .because((
        "La console de Cloud π Native crée un moteur du nom du projet, et l'accès vault-auth dans chaque espace de noms : aucun autre ne s'ouvre, le secret n'arrive jamais.",
        "Cloud π Native's console makes an engine of the project's name, and the access vault-auth in each namespace: no other one opens, the secret never comes.",
    )),
    Rule::error(
        "image-pull-secret",
        Manifests,
        Platform,
        ("image du registre privé tirée sans secret", "image of the private registry pulled without a secret"),
        ("ajoutez imagePullSecrets: [{name: registry-pull-secret}]", "add imagePullSecrets: [{name: registry-pull-secret}]"),
    )
    .because((
        "Cloud π Native pose registry-pull-secret dans chaque espace de noms, et demande de le citer : sans lui, le nœud ne peut pas tirer l'image (ImagePullBackOff).",
        "Cloud π Native puts registry-pull-secret in each namespace, and asks to name it: without it the node cannot pull the image (ImagePullBackOff).",
    )),
];
