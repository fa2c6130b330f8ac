//! What the rules over access rights say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "rbac-wildcard",
        Manifests,
        Deduced,
        ("rôle qui accorde tout (*)", "role that grants everything (*)"),
        ("nommez groupes, ressources et verbes", "name groups, resources and verbs"),
    )
    .because((
        "un astérisque donne aussi ce qui n’existe pas encore ; le moindre privilège se nomme (EXI-ARCH-18)",
        "A star also grants what does not exist yet; the least privilege is named (EXI-ARCH-18)",
    ))
    .equals(&["checkov:CKV_K8S_49", "kube-linter:wildcard-in-rules"]),
    Rule::warning(
        "rbac-escalation",
        Manifests,
        Deduced,
        ("rôle qui permet d’en obtenir d’autres", "role that leads to other rights"),
        ("retirez ce droit, ou bornez-le par resourceNames", "remove that right, or bound it by resourceNames"),
    )
    .because((
        "lire les Secrets, entrer dans les pods ou lier des rôles revient à prendre leurs droits (Kubernetes, « RBAC Good Practices »)",
        "Reading Secrets, entering pods or binding roles amounts to taking their rights (Kubernetes, “RBAC Good Practices”)",
    ))
    .equals(&[
        "checkov:CKV_K8S_157",
        "checkov:CKV_K8S_158",
        "checkov:CKV2_K8S_1",
        "checkov:CKV2_K8S_2",
        "checkov:CKV2_K8S_3",
        "checkov:CKV2_K8S_5",
        "kube-linter:access-to-secrets",
    ]),
    Rule::warning(
        "cluster-admin-binding",
        Manifests,
        Deduced,
        ("compte lié à cluster-admin", "account bound to cluster-admin"),
        ("liez un rôle qui nomme ce qui est utile", "bind a role that names what is useful"),
    )
    .because((
        "une application n’administre pas le cluster ; seul un manifeste d’administrateur peut avoir cette liaison",
        "An application does not administer the cluster; only an administrator's manifest may have this binding",
    ))
    .equals(&["kube-linter:cluster-admin-role-binding"]),
    Rule::warning(
        "default-account-bound",
        Manifests,
        Deduced,
        ("droits donnés au compte default", "rights given to account default"),
        ("créez un compte par charge", "make one account per workload"),
    )
    .because((
        "tous les pods de l’espace de noms qui ne nomment pas de compte reçoivent ces droits",
        "Every pod of the namespace that names no account receives these rights",
    ))
    .equals(&["checkov:CKV_K8S_42"]),
    Rule::warning(
        "service-account-token",
        Manifests,
        Deduced,
        ("jeton de l’API monté sans usage", "API token mounted without use"),
        ("écrivez automountServiceAccountToken: false", "write automountServiceAccountToken: false"),
    )
    .because((
        "un jeton volé sert à sonder l’API ; ici, aucun droit n’est lié au compte",
        "A stolen token serves to probe the API; here no right is bound to the account",
    ))
    .equals(&["checkov:CKV_K8S_38"]),
    Rule::warning(
        "account-token-missing",
        Manifests,
        Deduced,
        ("droits donnés à un pod qui ne porte pas le jeton du compte", "rights given to a pod that does not carry the account's token"),
        ("écrivez automountServiceAccountToken: true dans ce pod, ou retirez la liaison", "write automountServiceAccountToken: true in that pod, or remove the binding"),
    )
    .because((
        "sans jeton, aucun appel à l’API n’aboutit : une sauvegarde ou une barrière qui s’y fie échoue à chaque déploiement (Kubernetes, « Configure Service Accounts for Pods »)",
        "Without a token no call to the API succeeds: a backup or a gate that rests on it fails at each deployment (Kubernetes, “Configure Service Accounts for Pods”)",
    )),
];
