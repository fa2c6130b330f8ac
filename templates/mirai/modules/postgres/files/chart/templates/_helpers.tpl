{{/* Nom du Cluster, de son serverName et de son hôte : <nom>-db-g<generation>. */}}
{{- define "postgres.cluster" -}}
{{- printf "%s-db-g%d" .Values.nom (int .Values.generation) -}}
{{- end -}}

{{/* Nom du Cluster d'où vient la restauration. */}}
{{- define "postgres.clusterPrecedent" -}}
{{- printf "%s-db-g%d" .Values.nom (int .Values.restauration.depuis) -}}
{{- end -}}

{{/* Étiquettes des objets du chart. */}}
{{- define "postgres.etiquettes" -}}
{{ include "postgres.etiquettesPods" . }}
app.kubernetes.io/name: postgres
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{/*
Étiquettes posées sur les pods par l'opérateur (inheritedMetadata). app.kubernetes.io/name, instance et managed-by n'y sont
pas : l'opérateur les pose lui-même (postgresql, nom du Cluster, cloudnative-pg) et les deux écritures se disputeraient.
*/}}
{{- define "postgres.etiquettesPods" -}}
app: {{ .Values.etiquettes.app | quote }}
env: {{ .Values.etiquettes.env | quote }}
tier: db
criticality: {{ .Values.etiquettes.criticality | quote }}
component: postgres
app.kubernetes.io/part-of: {{ .Values.etiquettes.app | quote }}
{{- end -}}

{{/* Accès au stockage S3, commun aux deux méthodes ; argument : liste (racine, chemin). */}}
{{- define "postgres.magasin" -}}
{{- $racine := index . 0 -}}
destinationPath: {{ index . 1 | quote }}
endpointURL: {{ $racine.Values.s3.endpoint | quote }}
{{- with $racine.Values.s3.autorite }}
{{- if .nom }}
endpointCA:
  name: {{ .nom | quote }}
  key: {{ .cle | quote }}
{{- end }}
{{- end }}
s3Credentials:
  accessKeyId:
    name: {{ printf "%s-db-s3" $racine.Values.nom | quote }}
    key: ACCESS_KEY_ID
  secretAccessKey:
    name: {{ printf "%s-db-s3" $racine.Values.nom | quote }}
    key: ACCESS_SECRET_KEY
{{- end -}}

{{/* Nom du magasin (ObjectStore) d'écriture, et de celui de lecture quand la restauration lit un autre emplacement. */}}
{{- define "postgres.nomMagasin" -}}
{{- printf "%s-db-magasin" .Values.nom -}}
{{- end -}}
{{- define "postgres.nomMagasinSource" -}}
{{- if .Values.restauration.source -}}
{{- printf "%s-db-magasin-source" .Values.nom -}}
{{- else -}}
{{- include "postgres.nomMagasin" . -}}
{{- end -}}
{{- end -}}

{{/* Refus : ce qu'un schéma ne peut pas dire. Appelé par cluster.yaml, donc toujours évalué. */}}
{{- define "postgres.gardes" -}}
{{- $v := .Values -}}
{{- $mineure := index (splitList "." $v.cnpg.version) 1 | int -}}
{{- if and (eq $v.sauvegarde.methode "native") (ge $mineure 31) -}}
{{- fail (printf "sauvegarde.methode « native » : CloudNativePG %s ne la connaît plus (retirée en 1.31). Passez sauvegarde.methode à « plugin »." $v.cnpg.version) -}}
{{- end -}}
{{- if and $v.restauration.active (not $v.restauration.source) (ge (int $v.restauration.depuis) (int $v.generation)) -}}
{{- fail (printf "restauration.depuis (%d) doit être inférieur à generation (%d) : une génération ne se réutilise jamais." (int $v.restauration.depuis) (int $v.generation)) -}}
{{- end -}}
{{- if and $v.restauration.active (lt (int $v.restauration.depuis) 1) -}}
{{- fail "restauration.active demande restauration.depuis : le numéro de la génération à relire (1 ou plus)." -}}
{{- end -}}
{{- if and $v.restauration.source (eq $v.restauration.source $v.s3.chemin) -}}
{{- fail "restauration.source est égal à s3.chemin : laissez-le vide pour relire l'emplacement courant." -}}
{{- end -}}
{{- if and (gt (int $v.generation) 1) (not $v.restauration.active) (not $v.restauration.baseVideAcceptee) -}}
{{- fail (printf "generation %d sans restauration : la nouvelle base serait vide. Activez restauration, ou assumez-le par restauration.baseVideAcceptee: true." (int $v.generation)) -}}
{{- end -}}
{{- if and (gt (int $v.instances) 1) (ge (int $v.synchrone.nombre) (int $v.instances)) -}}
{{- fail (printf "synchrone.nombre (%d) doit être inférieur à instances (%d)." (int $v.synchrone.nombre) (int $v.instances)) -}}
{{- end -}}
{{- end -}}

{{/* Comptes de connexion du modèle de données qui sont actifs : rôle, secret, usage, connexions. */}}
{{- define "postgres.comptes" -}}
{{- $usages := dict
  "purge" "Compte du traitement de conservation : purge et anonymise par lots"
  "dpo" "Compte du délégué à la protection des données : droits des personnes et contrôles, aucune table"
  "lecturePseudonymisee" "Compte de lecture des vues pseudonymisées, d'aucune table"
  "lectureAnonymisee" "Compte de lecture des jeux diffusables, d'aucune table" -}}
{{- $comptes := list -}}
{{- range $cle, $usage := $usages -}}
{{- $reglage := index $.Values.roles $cle -}}
{{- if $reglage.actif -}}
{{- $suffixe := $cle | kebabcase -}}
{{- $comptes = append $comptes (dict "role" (printf "%s_%s" $.Values.nom ($suffixe | replace "-" "_")) "suffixe" $suffixe "secret" (printf "%s-db-%s" $.Values.nom $suffixe) "usage" $usage "connexions" $reglage.connexions) -}}
{{- end -}}
{{- end -}}
{{- $comptes | toYaml -}}
{{- end -}}
