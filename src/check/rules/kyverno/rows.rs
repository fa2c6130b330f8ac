//! What the rules of the platform's table say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Platform};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "check-labels",
        Manifests,
        Platform,
        ("étiquettes obligatoires absentes du pod", "mandatory labels missing from the pod"),
        ("ajoutez app, env et tier aux étiquettes du modèle de pod", "add app, env and tier to the labels of the pod template"),
    )
    .because((
        "Kyverno refuse en production un pod sans app, env ni tier, et l’observe ailleurs (règles Kyverno de Cloud π Native, « check-labels »)",
        "In production Kyverno refuses a pod without app, env or tier, and reports it elsewhere (Cloud π Native's Kyverno rules, “check-labels”)",
    ))
    .equals(&["kyverno:check-labels"]),
    Rule::error(
        "labels-list",
        Manifests,
        Platform,
        ("valeur d’étiquette hors du vocabulaire de la plateforme", "label value outside the platform's vocabulary"),
        ("prenez une des valeurs admises", "take one of the allowed values"),
    )
    .because((
        "tableaux de bord et alertes de la plateforme trient par ces étiquettes (Cloud π Native, docs/agreement/labels-list.md)",
        "The platform's dashboards and alerts sort by these labels (Cloud π Native, docs/agreement/labels-list.md)",
    )),
    Rule::error(
        "disallow-hostpath",
        Manifests,
        Cct,
        ("volume hostPath", "hostPath volume"),
        ("prenez un emptyDir ou un PersistentVolumeClaim", "use an emptyDir or a PersistentVolumeClaim"),
    )
    .because((
        "un volume du nœud ouvre le nœud au conteneur : EXI-ARCH-26 l’interdit, Kyverno le refuse (« disallow-hostpath »)",
        "A volume of the node opens the node to the container: EXI-ARCH-26 forbids it, Kyverno refuses it (“disallow-hostpath”)",
    ))
    .equals(&[
        "kyverno:disallow-hostpath",
        "checkov:CKV_K8S_27",
        "kube-linter:docker-sock",
        "kube-linter:sensitive-host-mounts",
        "kube-linter:writable-host-mount",
    ])
    .proves(&["no-host-path"]),
    Rule::error(
        "security-context",
        Manifests,
        Cct,
        ("utilisateur ou groupe imposé", "imposed user or group"),
        ("retirez ce champ : OpenShift choisit l’utilisateur et les groupes", "remove that field: OpenShift chooses the user and groups"),
    )
    .because((
        "la plateforme attribue l’utilisateur et les groupes de chaque projet ; un manifeste qui les impose est refusé à l’admission (EXI-ARCH-26)",
        "The platform assigns the user and groups of each project; a manifest that imposes them is refused at admission (EXI-ARCH-26)",
    ))
    .proves(&["no-imposed-security-context"]),
    Rule::error(
        "disallow-latest",
        Manifests,
        Cct,
        ("image sans version figée", "image without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .because((
        "une étiquette qui bouge rend le déploiement non reproductible : EXI-ARCH-27, et Kyverno (« disallow-latest »)",
        "A tag that moves makes the deployment irreproducible: EXI-ARCH-27, and Kyverno (“disallow-latest”)",
    ))
    .equals(&["kyverno:disallow-latest", "checkov:CKV_K8S_14", "kube-score:container-image-tag", "kube-linter:latest-tag"])
    .proves(&["image-pinned"]),
    Rule::error(
        "restrict-image-registry",
        Manifests,
        Platform,
        ("image d’un registre non admis", "image from a registry that is not allowed"),
        ("passez par le registre du projet", "use the project's registry"),
    )
    .because((
        "Kyverno n’admet en production que les images de quelques registres (« restrict-image-registry ») ; EXI-ARCH-13 demande celui de la plateforme",
        "In production Kyverno admits the images of a few registries only (“restrict-image-registry”); EXI-ARCH-13 asks for the platform's own",
    ))
    .equals(&["kyverno:restrict-image-registry"]),
    Rule::error(
        "need-containers-ressources",
        Manifests,
        Cct,
        ("conteneur sans demandes ou limites de ressources", "container without resource requests or limits"),
        ("donnez cpu et memory dans requests et limits", "give cpu and memory in requests and limits"),
    )
    .because((
        "le quota de chaque espace de noms refuse un conteneur sans les quatre valeurs, Jobs et initialisation compris (EXI-G-4, Kyverno « need-containers-ressources »)",
        "The quota of each namespace refuses a container without the four values, Jobs and init included (EXI-G-4, Kyverno “need-containers-ressources”)",
    ))
    .equals(&[
        "kyverno:need-containers-ressources",
        "checkov:CKV_K8S_10",
        "checkov:CKV_K8S_11",
        "checkov:CKV_K8S_12",
        "checkov:CKV_K8S_13",
        "kube-score:container-resources",
        "kube-linter:unset-cpu-requirements",
        "kube-linter:unset-memory-requirements",
    ])
    .proves(&["container-resources"]),
    Rule::error(
        "need-liveness-readiness",
        Manifests,
        Platform,
        ("conteneur sans sonde", "container without a probe"),
        ("ajoutez livenessProbe et readinessProbe", "add livenessProbe and readinessProbe"),
    )
    .because((
        "Kyverno demande l’une des trois sondes sur tout conteneur (« need-liveness-readiness ») ; EXI-ARCH-12 demande l’état de santé",
        "Kyverno asks for one of the three probes on every container (“need-liveness-readiness”); EXI-ARCH-12 asks for the state of health",
    ))
    .equals(&[
        "kyverno:need-liveness-readiness",
        "checkov:CKV_K8S_8",
        "checkov:CKV_K8S_9",
        "kube-score:pod-probes",
        "kube-linter:no-liveness-probe",
        "kube-linter:no-readiness-probe",
    ]),
    Rule::error(
        "appproject-kinds",
        Manifests,
        Platform,
        ("type d’objet que le projet Argo CD refuse", "kind that the Argo CD project refuses"),
        ("retirez cet objet du chart : il relève de la plateforme", "remove this object from the chart: it belongs to the platform"),
    )
    .because((
        "l’AppProject d’un projet n’admet aucun type sans espace de noms, et refuse ResourceQuota (cloud-pi-native/helm-charts, chart dso-env)",
        "A project's AppProject admits no cluster-wide kind, and refuses ResourceQuota (cloud-pi-native/helm-charts, chart dso-env)",
    ))
    .of_charts(),
    Rule::error(
        "no-namespace",
        Manifests,
        Platform,
        ("espace de noms imposé par le chart", "namespace set by the chart"),
        ("retirez metadata.namespace", "remove metadata.namespace"),
    )
    .because((
        "la console nomme l’espace de noms, et l’AppProject refuse tout autre (cloud-pi-native/console, generateNamespaceName)",
        "The console names the namespace, and the AppProject refuses any other (cloud-pi-native/console, generateNamespaceName)",
    ))
    .of_charts(),
    Rule::error(
        "cm-no-credentials",
        Manifests,
        Platform,
        ("secret dans un ConfigMap", "credential in a ConfigMap"),
        ("placez cette valeur dans le coffre, et lisez-la d’un Secret", "put this value in the vault, and read it from a Secret"),
    )
    .because((
        "Kyverno refuse les clés password, passwd et secret_key dans un ConfigMap (« cm-no-credentials ») ; EXI-ARCH-13 confie les secrets au coffre",
        "Kyverno refuses the keys password, passwd and secret_key in a ConfigMap (“cm-no-credentials”); EXI-ARCH-13 entrusts secrets to the vault",
    ))
    .equals(&["kyverno:cm-no-credentials"])
    .proves(&["no-inline-secret"]),
    Rule::error(
        "restrict-nodeport",
        Manifests,
        Platform,
        ("Service de type NodePort", "NodePort Service"),
        ("exposez par un Ingress", "expose through an Ingress"),
    )
    .because((
        "un port ouvert sur chaque nœud contourne la chaîne de service ; Kyverno le refuse (« restrict-nodeport »)",
        "A port open on each node goes around the service chain; Kyverno refuses it (“restrict-nodeport”)",
    ))
    .equals(&["kyverno:restrict-nodeport", "kube-score:service-type", "kube-linter:exposed-services"]),
    Rule::error(
        "disallow-selfprovisionning",
        Manifests,
        Platform,
        ("rôle self-provisioners lié", "self-provisioners role bound"),
        ("retirez cette liaison", "remove this binding"),
    )
    .because((
        "la création de projets OpenShift appartient à la console ; Kyverno refuse cette liaison (« disallow-selfprovisionning »)",
        "Creating OpenShift projects belongs to the console; Kyverno refuses this binding (“disallow-selfprovisionning”)",
    ))
    .equals(&["kyverno:disallow-selfprovisionning"]),
    Rule::error(
        "limit-size-pvc",
        Manifests,
        Platform,
        ("volume d’un Tio ou plus, ou taille illisible", "volume of 1 TiB or more, or unreadable size"),
        ("demandez moins d’un Tio", "ask for less than 1 TiB"),
    )
    .because((
        "Kyverno refuse un volume d’un Tio ou plus (« limit-size-pvc »)",
        "Kyverno refuses a volume of 1 TiB or more (“limit-size-pvc”)",
    ))
    .equals(&["kyverno:limit-size-pvc"]),
    Rule::warning(
        "job-history",
        Manifests,
        Platform,
        ("historique de CronJob que la plateforme règle autrement", "CronJob history that the platform sets otherwise"),
        ("retirez ces champs, ou écrivez 5", "remove these fields, or write 5"),
    )
    .because((
        "Kyverno écrit 5 et 5 sur chaque CronJob (« job-history ») : une autre valeur laisse Argo CD en désaccord avec le cluster",
        "Kyverno writes 5 and 5 on each CronJob (“job-history”): another value keeps Argo CD at odds with the cluster",
    ))
    .equals(&["kyverno:job-history"]),
    Rule::warning(
        "add-ttl",
        Manifests,
        Platform,
        ("Job ordinaire, qui sera supprimé puis relancé", "plain Job, which will be deleted then run again"),
        (
            "faites-en un crochet (argocd.argoproj.io/hook), ou un CronJob",
            "make it a hook (argocd.argoproj.io/hook), or a CronJob",
        ),
    )
    .because((
        "Kyverno donne une durée de vie aux Jobs (« add-ttl ») : une fois le Job supprimé, Argo CD le recrée, et il recommence",
        "Kyverno gives Jobs a time to live (“add-ttl”): once the Job is deleted, Argo CD creates it again, and it starts over",
    ))
    .equals(&["kyverno:add-ttl"])
    .of_charts(),
];
