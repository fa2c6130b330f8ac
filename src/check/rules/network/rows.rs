//! What the rules over flows say.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Manifests;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning("network-policy-both-ways", Manifests, Cct, ("flux non bornés par une NetworkPolicy", "flows not bounded by a NetworkPolicy"), ("écrivez une NetworkPolicy qui désigne ces pods, dans les deux sens, et n’ouvre que l’utile", "write a NetworkPolicy that selects these pods, both ways, and opens what is useful only"))
    .because(("EXI-ARCH-14 sépare les flux ; la plateforme ferme les flux entrants de chaque espace de noms, pas les sortants (Kyverno, « add-netpol-deny »)", "EXI-ARCH-14 keeps flows apart; the platform closes the incoming flows of each namespace, not the outgoing ones (Kyverno, “add-netpol-deny”)"))
    .equals(&["kyverno:add-netpol-deny", "checkov:CKV2_K8S_6", "kube-score:pod-networkpolicy", "kube-linter:non-isolated-pod"]),
    Rule::warning("network-policy-open", Manifests, Cct, ("flux ouvert plus largement que l’utile", "flow open more widely than useful"), ("nommez le vis-à-vis (podSelector, namespaceSelector, ipBlock) et les ports", "name the peer (podSelector, namespaceSelector, ipBlock) and the ports"))
    .because(("EXI-ARCH-14 sépare les flux. Une règle sans from admet tout le cluster, sans ports tous les ports ; une sortie sans to ne se justifie que vers des adresses qu’aucune étiquette ne désigne (DNS, HTTPS, API de Kubernetes)", "EXI-ARCH-14 keeps flows apart. A rule without from admits the whole cluster, without ports every port; a way out without to is justified only towards addresses that no label selects (DNS, HTTPS, the Kubernetes API)")),
    Rule::error("no-session-affinity", Manifests, Cct, ("affinité de session", "session affinity"), ("retirez-la, et gardez l’état dans un stockage commun", "remove it, and keep the state in a common store"))
    .because(("EXI-ARCH-19 : un pod sans état redémarre n’importe quand, sans affinité de session", "EXI-ARCH-19: a stateless pod restarts at any time, without session affinity")),
    Rule::warning("ingress-api-only", Manifests, Cct, ("métriques ou administration publiées", "metrics or administration published"), ("ne publiez que les chemins de l’application, ou servez les métriques sur un autre port", "publish the application's paths only, or serve the metrics on another port"))
    .because(("EXI-ARCH-14 sépare flux d’usagers et d’administration ; un chemin du mandataire peut être protégé ailleurs, d’où l’avertissement", "EXI-ARCH-14 keeps user and administration flows apart; a path of the proxy may be guarded elsewhere, hence the warning")),
    Rule::warning("ingress-tls", Manifests, Cct, ("hôte publié sans TLS en production", "host published without TLS in production"), ("écrivez spec.tls pour cet hôte", "write spec.tls for that host"))
    .because(("EXI-ARCH-14 préfère HTTPS ; la chaîne de service peut terminer TLS avant l’Ingress, d’où l’avertissement", "EXI-ARCH-14 prefers HTTPS; the service chain may end TLS before the Ingress, hence the warning")),
    Rule::warning("service-load-balancer", Manifests, Platform, ("Service de type LoadBalancer", "LoadBalancer Service"), ("exposez par un Ingress", "expose through an Ingress"))
    .because(("l’exposition passe par la chaîne de service et un Ingress (Cloud π Native) ; un répartiteur propre la contourne", "Exposure goes through the service chain and an Ingress (Cloud π Native); a load balancer of one's own goes around it"))
    .equals(&["kube-linter:exposed-services"]),
    Rule::error("service-external-ips", Manifests, Platform, ("adresse extérieure sur un Service", "external address on a Service"), ("retirez externalIPs", "remove externalIPs"))
    .because(("OpenShift refuse externalIPs par défaut, et qui les écrit peut capter le trafic d’autrui (CVE-2020-8554)", "OpenShift refuses externalIPs by default, and whoever writes them may capture the traffic of others (CVE-2020-8554)")),
    Rule::warning("service-names", Manifests, Cct, ("adresse qui n’est pas un nom de Service", "address that is not a Service name"), ("donnez le nom du Service, seul", "give the name of the Service, alone"))
    .because(("EXI-ARCH-20 : les modules se joignent par nom de service Kubernetes ; un service hors du cluster peut n’avoir qu’une adresse, d’où l’avertissement", "EXI-ARCH-20: modules reach each other by Kubernetes service name; a service outside the cluster may have an address only, hence the warning")),
    Rule::warning("service-monitor", Manifests, Cct, ("serveur que la supervision ne collecte pas", "server that monitoring does not scrape"), ("ajoutez un ServiceMonitor sur son Service", "add a ServiceMonitor on its Service"))
    .because(("EXI-ARCH-12 : /metrics est raccordé à la supervision ; un serveur de fichiers n’en a pas toujours, d’où l’avertissement", "EXI-ARCH-12: /metrics is connected to monitoring; a server of files does not always have one, hence the warning")),
    Rule::warning("statefulset-service", Manifests, Deduced, ("StatefulSet sans son Service sans tête", "StatefulSet without its headless Service"), ("nommez un Service du projet, avec clusterIP: None", "name a Service of the project, with clusterIP: None"))
    .because(("les noms stables des pods viennent de ce Service (Kubernetes, « StatefulSets »)", "The stable names of the pods come from that Service (Kubernetes, “StatefulSets”)"))
    .equals(&["kube-score:statefulset-has-servicename"]),
];
