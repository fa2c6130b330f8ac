//! The catalogue: what each rule of `check` says, how much it weighs, how strong its source is, and which evidence of the
//! kit's modules it proves. An evidence that no rule proves stays « not evaluated ».

use super::repository::Input;
use crate::text::Text;

/// How strong the source of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// The text of the framework asks for it.
    Cct,
    /// The platform was seen to refuse it, or publishes that it does.
    Platform,
    /// Deduced: without it the application or its data breaks.
    Deduced,
}

impl Strength {
    /// As the reports write it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Cct => "cct",
            Self::Platform => "platform",
            Self::Deduced => "deduced",
        }
    }
}

/// What a finding means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The repository does not conform.
    Error,
    /// To look at: the repository alone cannot tell.
    Warning,
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id; the platform's own where it has one.
    pub id: &'static str,
    /// What it reads.
    pub reads: Input,
    /// Weight.
    pub severity: Severity,
    /// Strength of its source.
    pub strength: Strength,
    /// What is wrong, in French and in English.
    message: (&'static str, &'static str),
    /// What to do, in French and in English.
    hint: (&'static str, &'static str),
}

impl Rule {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> Text {
        Text::new(self.message.0, self.message.1)
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Text {
        Text::new(self.hint.0, self.hint.1)
    }
}

/// The rule of an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// The rules that prove an evidence of the kit's modules, together; none when they are not written yet.
#[must_use]
pub fn proving(evidence: &str) -> &'static [&'static str] {
    match evidence {
        "container-resources" => &["need-containers-ressources", "cnpg-resources"],
        "image-pinned" => &["disallow-latest", "cnpg-image"],
        "no-host-path" => &["disallow-hostpath"],
        "no-imposed-security-context" => &["security-context"],
        "cnpg-scheduled-backup" => &["cnpg-backup", "cnpg-scheduled-backup", "cnpg-schedule-fields"],
        "cnpg-backup-retention" => &["cnpg-retention"],
        "cnpg-owner-not-app" => &["cnpg-owner-not-app"],
        "dockerfile-user" => &["dockerfile-user"],
        "dso-pipeline" => &["dso-pipeline"],
        "argocd-pinned-revision" => &["argocd-pinned-revision"],
        "chart-dependency-pinned" => &["chart-dependency-pinned"],
        _ => &[],
    }
}

/// Facets that name an evidence which its rules do not show in full: an image with a version may come from any registry,
/// and a pipeline that exists may build nothing.
pub const TOO_WIDE: [(&str, &str); 2] =
    [("pi-native@2024-05-27/EXI-ARCH-13", "registre"), ("pi-native@2024-05-27/EXI-ORG-9", "livraison-automatisee")];

type Words = (&'static str, &'static str);

const fn error(id: &'static str, reads: Input, strength: Strength, message: Words, hint: Words) -> Rule {
    Rule { id, reads, severity: Severity::Error, strength, message, hint }
}

const fn warning(id: &'static str, reads: Input, strength: Strength, message: Words, hint: Words) -> Rule {
    Rule { id, reads, severity: Severity::Warning, strength, message, hint }
}

use Input::{Charts, Dockerfiles, Manifests, Pipelines, Values};
use Strength::{Cct, Deduced, Platform};

/// Every rule, in the order of the reports.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    error("check-labels", Manifests, Platform, ("étiquettes obligatoires absentes du pod", "mandatory labels missing from the pod"), ("ajoutez app, env et tier aux étiquettes du modèle de pod", "add app, env and tier to the labels of the pod template")),
    error("labels-list", Manifests, Platform, ("valeur d'étiquette hors du vocabulaire de la plateforme", "label value outside the platform's vocabulary"), ("prenez une des valeurs admises", "take one of the allowed values")),
    error("disallow-hostpath", Manifests, Cct, ("volume hostPath", "hostPath volume"), ("prenez un emptyDir ou un PersistentVolumeClaim", "use an emptyDir or a PersistentVolumeClaim")),
    error("security-context", Manifests, Platform, ("contexte de sécurité que la plateforme refuse", "security context that the platform refuses"), ("retirez ce champ : OpenShift choisit l'utilisateur et les groupes", "remove that field: OpenShift chooses the user and groups")),
    error("disallow-latest", Manifests, Cct, ("image sans version figée", "image without a fixed version"), ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest")),
    error("restrict-image-registry", Manifests, Platform, ("image d'un registre non admis", "image from a registry that is not allowed"), ("passez par le registre du projet", "use the project's registry")),
    error("need-containers-ressources", Manifests, Cct, ("conteneur sans demandes ou limites de ressources", "container without resource requests or limits"), ("donnez cpu et memory dans requests et limits", "give cpu and memory in requests and limits")),
    error("need-liveness-readiness", Manifests, Platform, ("conteneur sans sonde", "container without a probe"), ("ajoutez livenessProbe et readinessProbe", "add livenessProbe and readinessProbe")),
    error("appproject-kinds", Manifests, Platform, ("type d'objet que le projet Argo CD refuse", "kind that the Argo CD project refuses"), ("retirez cet objet du chart : il relève de la plateforme", "remove this object from the chart: it belongs to the platform")),
    error("no-namespace", Manifests, Platform, ("espace de noms imposé par le chart", "namespace set by the chart"), ("retirez metadata.namespace", "remove metadata.namespace")),
    error("cm-no-credentials", Manifests, Platform, ("secret dans un ConfigMap", "credential in a ConfigMap"), ("placez cette valeur dans le coffre, et lisez-la d'un Secret", "put this value in the vault, and read it from a Secret")),
    error("restrict-nodeport", Manifests, Platform, ("Service de type NodePort", "NodePort Service"), ("exposez par un Ingress", "expose through an Ingress")),
    error("disallow-selfprovisionning", Manifests, Platform, ("rôle self-provisioners lié", "self-provisioners role bound"), ("retirez ce RoleBinding", "remove this RoleBinding")),
    error("limit-size-pvc", Manifests, Platform, ("volume d'un Tio ou plus, ou taille illisible", "volume of 1 TiB or more, or unreadable size"), ("demandez moins d'un Tio", "ask for less than 1 TiB")),
    error("names", Manifests, Deduced, ("nom que Kubernetes ou l'opérateur refuse", "name that Kubernetes or the operator refuses"), ("raccourcissez-le ; a-z, 0-9 et -", "shorten it; a-z, 0-9 and -")),
    error("label-values", Manifests, Deduced, ("valeur d'étiquette invalide", "invalid label value"), ("63 caractères au plus : lettres, chiffres, -, _ et .", "63 characters at most: letters, digits, -, _ and .")),
    error("service-selector", Manifests, Deduced, ("le Service ne désigne aucun pod", "the Service selects no pod"), ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template")),
    warning("service-ports", Manifests, Deduced, ("le Service vise un port que le pod ne déclare pas", "the Service targets a port that the pod does not declare"), ("visez un port du conteneur", "target a port of the container")),
    error("ingress-backend", Manifests, Deduced, ("l'Ingress vise un Service ou un port absent", "the Ingress targets a missing Service or port"), ("nommez un Service et un port du projet", "name a Service and a port of the project")),
    error("monitor-selector", Manifests, Deduced, ("la supervision ne désigne rien", "the monitor selects nothing"), ("reprenez les étiquettes du Service ou du pod", "copy the labels of the Service or pod")),
    error("monitor-port", Manifests, Deduced, ("la supervision vise un port absent", "the monitor targets a missing port"), ("nommez un port existant", "name an existing port")),
    error("pdb-selector", Manifests, Deduced, ("le budget d'interruption ne désigne aucun pod", "the disruption budget selects no pod"), ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template")),
    error("netpol-selector", Manifests, Deduced, ("la politique réseau ne désigne aucun pod", "the network policy selects no pod"), ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template")),
    warning("netpol-peers", Manifests, Deduced, ("la politique réseau ouvre vers des pods inconnus ici", "the network policy opens to pods unknown here"), ("vérifiez les étiquettes du vis-à-vis", "check the labels of the peer")),
    error("netpol-ports", Manifests, Deduced, ("la politique réseau ouvre un port que le pod n'a pas", "the network policy opens a port that the pod does not have"), ("nommez un port du pod", "name a port of the pod")),
    warning("references", Manifests, Deduced, ("objet cité mais absent du dépôt", "object named but absent from the repository"), ("créez-le, ou vérifiez que la plateforme le fournit", "create it, or check that the platform supplies it")),
    error("reference-keys", Manifests, Deduced, ("clé absente de l'objet cité", "key missing from the object named"), ("nommez une clé qui existe", "name a key that exists")),
    error("workload-selector", Manifests, Deduced, ("le sélecteur ne désigne pas ses propres pods", "the selector does not match its own pods"), ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template")),
    error("cnpg-backup", Manifests, Cct, ("base sans archivage vers un stockage externe", "database without archiving to an external store"), ("donnez spec.backup.barmanObjectStore, ou un greffon qui archive", "give spec.backup.barmanObjectStore, or a plugin that archives")),
    error("cnpg-retention", Manifests, Cct, ("durée de conservation des sauvegardes non fixée", "retention of backups not set"), ("donnez retentionPolicy", "give retentionPolicy")),
    error("cnpg-scheduled-backup", Manifests, Cct, ("base sans sauvegarde planifiée", "database without a scheduled backup"), ("ajoutez un ScheduledBackup actif qui la nomme", "add an active ScheduledBackup that names it")),
    error("cnpg-schedule-fields", Manifests, Deduced, ("planification qui n'a pas six champs", "schedule that does not have six fields"), ("commencez par les secondes : 0 30 2 * * *", "start with seconds: 0 30 2 * * *")),
    error("cnpg-guard", Manifests, Deduced, ("une synchronisation peut supprimer la base", "a synchronisation may delete the database"), ("annotez le Cluster : argocd.argoproj.io/sync-options: Prune=false,Delete=false", "annotate the Cluster: argocd.argoproj.io/sync-options: Prune=false,Delete=false")),
    error("cnpg-owner-not-app", Manifests, Cct, ("l'application possède ses tables", "the application owns its tables"), ("nommez un propriétaire au bootstrap et un autre rôle de connexion sous managed.roles", "name an owner in bootstrap and another login role under managed.roles")),
    error("cnpg-resources", Manifests, Cct, ("base sans demandes ou limites de ressources", "database without resource requests or limits"), ("donnez spec.resources", "give spec.resources")),
    error("cnpg-image", Manifests, Cct, ("image de la base sans version figée", "image of the database without a fixed version"), ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest")),
    error("appproject-scope", Manifests, Deduced, ("projet Argo CD sans bornes", "Argo CD project without bounds"), ("nommez dépôts, espaces de noms et types, sans astérisque", "name repositories, namespaces and kinds, without a star")),
    error("argocd-pinned-revision", Manifests, Cct, ("révision flottante en production", "floating revision in production"), ("désignez une étiquette git ou un commit", "name a git tag or a commit")),
    error("chart-dependency-pinned", Charts, Cct, ("dépendance de chart sans version exacte", "chart dependency without an exact version"), ("écrivez une version complète", "write a full version")),
    error("dockerfile-user", Dockerfiles, Cct, ("image qui s'exécute en root, ou sous un nom", "image that runs as root, or under a name"), ("terminez par USER et un numéro autre que 0", "end with USER and a number other than 0")),
    error("dockerfile-no-latest", Dockerfiles, Cct, ("image de base sans version figée", "base image without a fixed version"), ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest")),
    error("dso-pipeline", Pipelines, Cct, ("chaîne secondaire absente ou incomplète", "secondary chain missing or incomplete"), ("incluez $CATALOG_PATH et commencez par read_secret", "include $CATALOG_PATH and start with read_secret")),
    error("dso-no-latest", Pipelines, Cct, ("image de la chaîne sans version figée", "image of the chain without a fixed version"), ("désignez une étiquette de version", "name a version tag")),
    warning("placeholder", Values, Deduced, ("valeur encore à compléter en production", "value still to complete in production"), ("lancez `mirai-kit next` pour savoir à qui la demander", "run `mirai-kit next` to know whom to ask")),
];

#[cfg(test)]
mod tests;
