//! What the rules over the tree of Argo CD objects say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "gitops-described",
        Manifests,
        Cct,
        ("module absent de la fiche de saisie de la console", "module missing from the console entry sheet"),
        ("ajoutez à la fiche la ligne du module : dépôt, chemin, valeurs", "add the module's line to the sheet: repository, path, values"),
    )
    .because((
        "EXI-ARCH-8 : Argo CD déploie depuis git. Sur Cloud π Native, la console crée les Application : ce qu'on y saisit (dépôt, chemin, valeurs) n'a d'autre trace que cette fiche.",
        "EXI-ARCH-8: Argo CD deploys from git. On Cloud π Native the console makes the Applications: what is entered there (repository, path, values) has no other trace than this sheet.",
    )),
    Rule::error(
        "argocd-root-application",
        Manifests,
        Cct,
        ("application maître absente, ou qui ne mène à rien", "master application missing, or leading nowhere"),
        ("donnez-lui le dossier des Application des modules, et la synchronisation automatique", "give it the folder of the modules' Applications, and automated synchronisation"),
    )
    .because((
        "EXI-ARCH-8 et EXI-ORG-8 : une application maître référence les sous-applications (Argo CD, page « Cluster Bootstrapping ») ; sans elle, chacune s'applique à la main.",
        "EXI-ARCH-8 and EXI-ORG-8: a master application refers to the sub-applications (Argo CD, page \"Cluster Bootstrapping\"); without it each is applied by hand.",
    )),
    Rule::error(
        "argocd-one-application-per-module",
        Manifests,
        Cct,
        ("modules qui ne se déploient pas chacun de leur côté", "modules that do not deploy each by itself"),
        ("écrivez une Application par chart et par environnement", "write one Application for each chart and environment"),
    )
    .because((
        "EXI-ARCH-3 et EXI-ARCH-8 : chaque module se déploie sans les autres. Deux Application sur les mêmes objets se les disputent sans fin.",
        "EXI-ARCH-3 and EXI-ARCH-8: each module deploys without the others. Two Applications over the same objects fight for them without end.",
    )),
    Rule::error(
        "argocd-source",
        Manifests,
        Deduced,
        ("source d'Application qui n'existe pas", "source of an Application that does not exist"),
        ("corrigez le chemin, ou le fichier de valeurs", "mend the path, or the values file"),
    )
    .because((
        "Argo CD ne peut rien rendre : l'Application reste « Unknown ». Jugé pour les dépôts dont l'adresse est connue (ceux que mirai-kit a écrits).",
        "Argo CD can render nothing: the Application stays \"Unknown\". Judged for the repositories whose address is known (those that mirai-kit wrote).",
    ))
    .proves(&["argocd-root-application", "argocd-one-application-per-module"]),
    Rule::error(
        "argocd-data-guard",
        Manifests,
        Deduced,
        ("suppression d'une Application qui emporterait des données", "deletion of an Application that would take data away"),
        ("retirez le finalizer et l'élagage, ajoutez l'annotation argocd.argoproj.io/sync-options: Prune=false,Delete=false", "remove the finalizer and the pruning, add the annotation argocd.argoproj.io/sync-options: Prune=false,Delete=false"),
    )
    .because((
        "Argo CD, page « App Deletion » : avec le finalizer, supprimer l'Application supprime ses objets, base et volumes compris ; « Sync Options » : Prune=false garde ce que git ne décrit plus.",
        "Argo CD, page \"App Deletion\": with the finalizer, deleting the Application deletes its objects, databases and volumes too; \"Sync Options\": Prune=false keeps what git no longer describes.",
    )),
];
