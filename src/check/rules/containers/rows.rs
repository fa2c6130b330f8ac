//! What the rules over one container say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "no-privilege",
        Manifests,
        Cct,
        ("privilège ou capacité accordés au conteneur", "privilege or capability granted to the container"),
        ("retirez ce champ", "remove that field"),
    )
    .because((
        "EXI-ARCH-18 et EXI-ARCH-26 interdisent l’escalade et toute capacité ajoutée ; la contrainte restricted-v2 d’OpenShift refuse le pod",
        "EXI-ARCH-18 and EXI-ARCH-26 forbid escalation and any added capability; OpenShift's restricted-v2 constraint refuses the pod",
    ))
    .proves(&["no-imposed-security-context"])
    .equals(&[
        "checkov:CKV_K8S_16",
        "checkov:CKV_K8S_17",
        "checkov:CKV_K8S_18",
        "checkov:CKV_K8S_19",
        "checkov:CKV_K8S_20",
        "checkov:CKV_K8S_25",
        "checkov:CKV_K8S_39",
        "kube-score:container-security-context-privileged",
        "kube-linter:privileged-container",
        "kube-linter:privilege-escalation-container",
        "kube-linter:host-network",
        "kube-linter:host-pid",
        "kube-linter:host-ipc",
        "kube-linter:unsafe-proc-mount",
    ]),
    Rule::warning(
        "read-only-root",
        Manifests,
        Cct,
        ("racine du conteneur non déclarée en lecture seule", "container root not declared read-only"),
        (
            "écrivez securityContext.readOnlyRootFilesystem: true, et montez un volume là où le conteneur écrit",
            "write securityContext.readOnlyRootFilesystem: true, and mount a volume where the container writes",
        ),
    )
    .because((
        "un conteneur n’écrit que sur des volumes montés (EXI-ARCH-6, EXI-ARCH-18) ; EXI-ARCH-26 ne cite pas ce champ parmi les interdits",
        "A container writes on mounted volumes only (EXI-ARCH-6, EXI-ARCH-18); EXI-ARCH-26 does not name this field among the forbidden ones",
    ))
    .equals(&[
        "checkov:CKV_K8S_22",
        "kube-score:container-security-context-readonlyrootfilesystem",
        "kube-linter:no-read-only-root-fs",
    ]),
    Rule::warning(
        "tmp-empty-dir",
        Manifests,
        Cct,
        ("/tmp n’est pas un emptyDir", "/tmp is not an emptyDir"),
        ("montez un emptyDir borné (sizeLimit) sur /tmp", "mount a bounded emptyDir (sizeLimit) on /tmp"),
    )
    .because((
        "la racine est en lecture seule : sans /tmp inscriptible, la plupart des programmes s’arrêtent (EXI-ARCH-5)",
        "The root is read-only: without a writable /tmp most programs stop (EXI-ARCH-5)",
    )),
    Rule::error(
        "unprivileged-port",
        Manifests,
        Cct,
        ("port privilégié", "privileged port"),
        ("écoutez au-dessus de 1024 ; le Service peut garder 80 ou 443", "listen above 1024; the Service may keep 80 or 443"),
    )
    .because((
        "un conteneur sans root n’ouvre que des ports au-dessus de 1024 (EXI-ARCH-18)",
        "A container without root opens only ports above 1024 (EXI-ARCH-18)",
    ))
    .equals(&["kube-linter:privileged-ports", "kube-linter:ssh-port"]),
    Rule::error(
        "host-port",
        Manifests,
        Platform,
        ("port ouvert sur le nœud", "port opened on the node"),
        ("retirez hostPort, et exposez par un Service et un Ingress", "remove hostPort, and expose through a Service and an Ingress"),
    )
    .because((
        "la contrainte restricted-v2 d’OpenShift n’admet pas hostPort (OpenShift, « Managing security context constraints »)",
        "OpenShift's restricted-v2 constraint does not admit hostPort (OpenShift, “Managing security context constraints”)",
    ))
    .equals(&["checkov:CKV_K8S_26"]),
    Rule::error(
        "image-pull-policy",
        Manifests,
        Cct,
        ("politique de tirage autre qu’IfNotPresent", "pull policy other than IfNotPresent"),
        ("retirez imagePullPolicy, ou écrivez IfNotPresent", "remove imagePullPolicy, or write IfNotPresent"),
    )
    .because((
        "EXI-ARCH-27 : la politique de tirage, si elle est écrite, est IfNotPresent (checkov et kube-score demandent Always : ils ne supposent pas de version figée)",
        "EXI-ARCH-27: the pull policy, when written, is IfNotPresent (checkov and kube-score ask for Always: they do not assume a fixed version)",
    )),
    Rule::error(
        "pod-duplicates",
        Manifests,
        Deduced,
        ("nom employé deux fois dans un pod", "name used twice in a pod"),
        ("donnez à chacun son nom", "give each its own name"),
    )
    .because((
        "l’API Kubernetes refuse deux conteneurs, volumes ou ports du même nom, et deux montages au même chemin",
        "The Kubernetes API refuses two containers, volumes or ports of one name, and two mounts at one path",
    )),
    Rule::warning(
        "env-duplicate",
        Manifests,
        Deduced,
        ("variable d’environnement écrite deux fois", "environment variable written twice"),
        ("gardez la valeur voulue", "keep the value that is meant"),
    )
    .because((
        "seule la dernière valeur compte : l’autre trompe la lecture, et se perd dans une fusion",
        "Only the last value counts: the other misleads the reader, and is lost in a merge",
    ))
    .equals(&["kube-linter:duplicate-env-var", "kube-score:environment-variable-key-duplication"]),
    Rule::error(
        "volume-mount",
        Manifests,
        Deduced,
        ("montage d’un volume que le pod ne déclare pas", "mount of a volume that the pod does not declare"),
        ("déclarez ce volume, ou retirez le montage", "declare that volume, or remove the mount"),
    )
    .because((
        "l’API Kubernetes refuse le pod ; sous un Deployment, rien ne démarre",
        "The Kubernetes API refuses the pod; under a Deployment nothing starts",
    )),
    Rule::error(
        "probe-port",
        Manifests,
        Deduced,
        ("sonde vers un port que le conteneur ne nomme pas", "probe to a port that the container does not name"),
        ("nommez un port du conteneur", "name a port of the container"),
    )
    .because((
        "la sonde échoue toujours : le pod n’est jamais prêt, ou redémarre sans fin (EXI-ARCH-12)",
        "The probe always fails: the pod is never ready, or restarts for ever (EXI-ARCH-12)",
    ))
    .equals(&["kube-linter:liveness-port", "kube-linter:readiness-port", "kube-linter:startup-port"]),
    Rule::warning(
        "probe-undeclared-port",
        Manifests,
        Deduced,
        ("sonde vers un port non déclaré", "probe to an undeclared port"),
        ("visez un port déclaré, par son nom", "target a declared port, by its name"),
    )
    .because((
        "le conteneur déclare d’autres ports : celui de la sonde est souvent resté d’un autre modèle (EXI-ARCH-12)",
        "The container declares other ports: the probe's is often left over from another template (EXI-ARCH-12)",
    ))
    .equals(&["kube-linter:liveness-port", "kube-linter:readiness-port", "kube-linter:startup-port"]),
    Rule::warning(
        "probe-metrics",
        Manifests,
        Cct,
        ("sonde qui lit les métriques", "probe that reads the metrics"),
        ("visez le point de santé (/health)", "target the health endpoint (/health)"),
    )
    .because((
        "/metrics répond même quand l’application ne peut plus servir, et coûte plus cher (EXI-ARCH-12 : /health et /metrics sont distincts)",
        "/metrics answers even when the application can no longer serve, and costs more (EXI-ARCH-12: /health and /metrics are distinct)",
    )),
    Rule::warning(
        "probe-identical",
        Manifests,
        Deduced,
        ("sondes de vie et de disponibilité identiques", "liveness and readiness probes identical"),
        (
            "la sonde de vie ne dépend de rien d’autre que du processus ; la disponibilité, de ce qu’il faut pour servir",
            "liveness depends on the process alone; readiness on what it takes to serve",
        ),
    )
    .because((
        "le pod est tué au moment même où il cesse d’être prêt : une dépendance absente devient une panne (EXI-ARCH-15)",
        "The pod is killed at the very moment it stops being ready: a missing dependency becomes an outage (EXI-ARCH-15)",
    ))
    .equals(&["kube-score:pod-probes-identical"]),
    Rule::error(
        "requests-within-limits",
        Manifests,
        Deduced,
        ("demande au-dessus de la limite", "request above the limit"),
        ("relevez la limite, ou baissez la demande", "raise the limit, or lower the request"),
    )
    .because((
        "l’API Kubernetes refuse le pod (Kubernetes, « Resource Management for Pods and Containers »)",
        "The Kubernetes API refuses the pod (Kubernetes, “Resource Management for Pods and Containers”)",
    )),
    Rule::error(
        "resource-quantities",
        Manifests,
        Deduced,
        ("quantité de ressources illisible ou dérisoire", "resource quantity unreadable or far too small"),
        ("écrivez par exemple cpu: 100m, memory: 256Mi", "write for instance cpu: 100m, memory: 256Mi"),
    )
    .because((
        "« 512m » de mémoire vaut un demi-octet, « 1Go » n’est pas une quantité : le pod est refusé ou tué au démarrage",
        "“512m” of memory is half a byte, “1Go” is no quantity: the pod is refused, or killed at start",
    )),
    Rule::warning(
        "no-gpu-request",
        Manifests,
        Cct,
        ("demande de GPU", "GPU request"),
        (
            "appelez la passerelle mutualisée, ou justifiez un modèle propre par des mesures",
            "call the shared gateway, or justify a model of your own with measures",
        ),
    )
    .because((
        "EXI-G-4 (mirai@2025-03-17) : les services d’IA mutualisés d’abord ; un modèle propre se justifie, le dépôt seul ne dit pas s’il l’est",
        "EXI-G-4 (mirai@2025-03-17): shared AI services first; a model of one's own is justified, which the repository alone does not tell",
    )),
    Rule::warning(
        "internal-ca-mount",
        Manifests,
        Cct,
        ("autorités désignées par une variable mais non montées", "authorities named by a variable but not mounted"),
        ("montez-les d’un ConfigMap, au chemin de la variable", "mount them from a ConfigMap, at the variable's path"),
    )
    .because((
        "EXI-ARCH-7 : les autorités racines internes sont montées ou intégrées ; une variable qui désigne un fichier absent coupe tout appel TLS",
        "EXI-ARCH-7: internal root authorities are mounted or built in; a variable that names a missing file breaks every TLS call",
    )),
    Rule::error(
        "restart-policy",
        Manifests,
        Deduced,
        ("politique de redémarrage que l’API refuse", "restart policy that the API refuses"),
        ("Never ou OnFailure pour une tâche, Always (ou rien) pour un service", "Never or OnFailure for a Job, Always (or nothing) for a server"),
    )
    .because((
        "un Job dont les pods redémarrent toujours est refusé, comme un Deployment dont les pods ne redémarrent pas (Kubernetes, « Jobs », « Deployments »)",
        "A Job whose pods always restart is refused, as is a Deployment whose pods do not (Kubernetes, “Jobs”, “Deployments”)",
    ))
    .equals(&["kube-score:cronjob-restartpolicy"]),
    Rule::error(
        "runs-as-root",
        Manifests,
        Cct,
        ("conteneur qui admet l’utilisateur root", "container that admits the user root"),
        ("écrivez runAsNonRoot: true, ou rien", "write runAsNonRoot: true, or nothing"),
    )
    .because((
        "EXI-ARCH-5 : aucun conteneur ne tourne en root ; runAsNonRoot: false retire la seule protection que le manifeste peut donner",
        "EXI-ARCH-5: no container runs as root; runAsNonRoot: false removes the only protection that the manifest may give",
    )),
];
