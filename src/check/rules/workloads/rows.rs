//! What the rules over workloads say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "production-replicas",
        Manifests,
        Cct,
        ("un seul réplica en production", "a single replica in production"),
        ("prévoyez deux réplicas au moins", "plan for two replicas at least"),
    )
    .because((
        "la perte d’un nœud coupe le service : EXI-ARCH-2 demande de tenir la durée d’interruption admise, que le dépôt seul ne dit pas",
        "Losing one node cuts the service: EXI-ARCH-2 asks to meet the accepted outage, which the repository alone does not tell",
    ))
    .equals(&["kube-score:deployment-replicas"]),
    Rule::warning(
        "topology-spread",
        Manifests,
        Cct,
        ("réplicas non répartis", "replicas not spread"),
        (
            "écrivez topologySpreadConstraints par zone et par nœud, sur les étiquettes du pod",
            "write topologySpreadConstraints over zones and nodes, on the labels of the pod",
        ),
    )
    .because((
        "EXI-ARCH-2 : deux centres de données et anti-affinité entre zones ; le choix implicite de Kubernetes ne garantit ni l’un ni l’autre",
        "EXI-ARCH-2: two data centres and anti-affinity between zones; Kubernetes' implied choice guarantees neither",
    ))
    .equals(&[
        "kube-score:deployment-has-host-podantiaffinity",
        "kube-score:statefulset-has-host-podantiaffinity",
        "kube-linter:no-anti-affinity",
    ]),
    Rule::warning(
        "disruption-budget",
        Manifests,
        Cct,
        ("réplicas sans budget d’interruption", "replicas without a disruption budget"),
        ("ajoutez un PodDisruptionBudget, maxUnavailable: 1", "add a PodDisruptionBudget, maxUnavailable: 1"),
    )
    .because((
        "la vidange d’un nœud peut arrêter tous les réplicas à la fois (EXI-ARCH-2)",
        "Draining a node may stop every replica at once (EXI-ARCH-2)",
    ))
    .equals(&["kube-score:deployment-has-poddisruptionbudget", "kube-score:statefulset-has-poddisruptionbudget"]),
    Rule::error(
        "disruption-budget-blocks",
        Manifests,
        Deduced,
        ("budget d’interruption qui ne laisse partir aucun pod", "disruption budget that lets no pod go"),
        ("écrivez maxUnavailable: 1", "write maxUnavailable: 1"),
    )
    .because((
        "la vidange des nœuds attend sans fin : la plateforme ne peut plus être mise à jour (EXI-ARCH-19 : un pod redémarre n’importe quand)",
        "Draining nodes waits for ever: the platform can no longer be updated (EXI-ARCH-19: a pod restarts at any time)",
    ))
    .proves(&["disruption-budget"])
    .equals(&["kube-linter:pdb-max-unavailable", "kube-linter:pdb-min-available"]),
    Rule::error(
        "horizontal-autoscaling",
        Manifests,
        Deduced,
        ("autoscaler qui ne peut pas agir", "autoscaler that cannot act"),
        (
            "visez une charge du projet, dont les conteneurs écrivent leurs demandes",
            "target a workload of the project, whose containers write their requests",
        ),
    )
    .because((
        "sans cible ou sans mesure, le nombre de réplicas ne suit pas la charge (EXI-G-4)",
        "Without a target or a measure, replicas do not follow the load (EXI-G-4)",
    ))
    .equals(&["kube-score:horizontalpodautoscaler-has-target", "kube-linter:dangling-horizontalpodautoscaler"]),
    Rule::warning(
        "autoscaling-range",
        Manifests,
        Cct,
        ("amplitude d’autoscaler à revoir", "range of the autoscaler to look at"),
        ("min de deux en production, max au-dessus du min", "a minimum of two in production, a maximum above the minimum"),
    )
    .because((
        "un nombre de réplicas figé ne suit pas la charge (EXI-G-4) ; un seul ne tient pas la perte d’un nœud (EXI-ARCH-2)",
        "A fixed number of replicas does not follow the load (EXI-G-4); a single one does not survive the loss of a node (EXI-ARCH-2)",
    ))
    .proves(&["horizontal-autoscaling"])
    .equals(&["kube-score:horizontalpodautoscaler-replicas"]),
    Rule::warning(
        "autoscaler-owns-replicas",
        Manifests,
        Deduced,
        ("replicas écrit alors qu’un autoscaler le règle", "replicas written although an autoscaler sets it"),
        ("retirez spec.replicas", "remove spec.replicas"),
    )
    .because((
        "chaque synchronisation remet le nombre écrit, et défait l’autoscaler",
        "Each synchronisation puts the written number back, and undoes the autoscaler",
    ))
    .equals(&["kube-score:deployment-targeted-by-hpa-does-not-have-replicas-configured"]),
    Rule::warning(
        "stateless-deployment",
        Manifests,
        Cct,
        ("volume persistant sous un Deployment", "persistent volume under a Deployment"),
        ("confiez l’état à la base ou au stockage S3, ou prenez un StatefulSet", "entrust the state to the database or to S3, or use a StatefulSet"),
    )
    .because((
        "EXI-ARCH-20 : les modules sont sans état, qui vit dans un stockage central ; ce module est peut-être ce stockage, d’où l’avertissement",
        "EXI-ARCH-20: modules are stateless, state lives in a central store; this module may be that store, hence the warning",
    )),
    Rule::warning(
        "shared-volume",
        Manifests,
        Deduced,
        ("volume d’un seul nœud sous plusieurs réplicas", "volume of one node under several replicas"),
        ("prenez ReadWriteMany, ou un stockage commun", "use ReadWriteMany, or a common store"),
    )
    .because((
        "le second réplica, placé sur un autre nœud, n’obtient jamais le volume",
        "The second replica, placed on another node, never gets the volume",
    )),
    Rule::error(
        "graceful-stop",
        Manifests,
        Cct,
        ("pod tué avant d’avoir fini", "pod killed before it is done"),
        (
            "relevez terminationGracePeriodSeconds au-dessus de l’attente et de l’arrêt",
            "raise terminationGracePeriodSeconds above the wait and the stop",
        ),
    )
    .because((
        "EXI-ARCH-19 : un pod s’arrête sans perdre de transaction ; Kubernetes compte l’attente de preStop dans le délai",
        "EXI-ARCH-19: a pod stops without losing a transaction; Kubernetes counts the wait of preStop in the delay",
    )),
    Rule::warning(
        "cronjob-bounds",
        Manifests,
        Deduced,
        ("CronJob sans bornes", "CronJob without bounds"),
        ("écrivez concurrencyPolicy et startingDeadlineSeconds", "write concurrencyPolicy and startingDeadlineSeconds"),
    )
    .because((
        "deux passages se chevauchent ; après cent départs manqués, le CronJob ne part plus (Kubernetes, « CronJob »)",
        "Two runs overlap; after a hundred missed starts the CronJob no longer starts (Kubernetes, “CronJob”)",
    ))
    .equals(&["kube-score:cronjob-has-deadline"]),
    Rule::error(
        "api-removed",
        Manifests,
        Deduced,
        ("version d’API retirée de Kubernetes", "API version removed from Kubernetes"),
        ("écrivez la version indiquée", "write the version given"),
    )
    .because((
        "l’API Kubernetes ne connaît plus cet objet (Kubernetes, « Deprecated API Migration Guide »)",
        "The Kubernetes API no longer knows this object (Kubernetes, “Deprecated API Migration Guide”)",
    ))
    .equals(&["kube-linter:no-extensions-v1beta", "kube-score:stable-version"]),
    Rule::error(
        "unique-objects",
        Manifests,
        Deduced,
        ("objet rendu deux fois", "object rendered twice"),
        ("donnez-leur deux noms, ou retirez-en un", "give them two names, or remove one"),
    )
    .because(("le second prend la place du premier, en silence", "The second takes the place of the first, silently"))
    .of_charts(),
];
