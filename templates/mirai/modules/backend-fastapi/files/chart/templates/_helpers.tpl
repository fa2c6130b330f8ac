{{- define "backend.nom" -}}
{{- printf "%s-backend" (required "application.id est obligatoire" .Values.application.id) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* Étiquettes communes. « tier » et « component » viennent du vocabulaire de la plateforme. */}}
{{- define "backend.etiquettes" -}}
app: {{ required "application.slug est obligatoire" .Values.application.slug | quote }}
env: {{ .Values.application.env | quote }}
tier: "backend"
criticality: {{ .Values.application.criticite | quote }}
component: "python"
app.kubernetes.io/name: "backend"
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/part-of: {{ .Values.application.slug | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end -}}

{{/* Sélecteur d'un rôle : le Service ne doit jamais viser un Job. Contexte : (dict "r" $ "role" "serveur"). */}}
{{- define "backend.selecteur" -}}
app: {{ .r.Values.application.slug | quote }}
app.kubernetes.io/name: "backend"
app.kubernetes.io/component: {{ .role | quote }}
{{- end -}}

{{- define "backend.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository .Values.image.tag | quote }}
{{- end -}}
{{- end -}}

{{/* Aucun runAsUser, runAsGroup, fsGroup : voir docs/adr/0010-contexte-de-securite.md du dépôt applicatif. */}}
{{- define "backend.securitePod" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "backend.securiteConteneur" -}}
runAsNonRoot: true
readOnlyRootFilesystem: true
{{- if .Values.securite.interdireElevation }}
allowPrivilegeEscalation: false
{{- end }}
capabilities:
  drop: ["ALL"]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "backend.secretsImage" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "backend.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.temporaire.taille | quote }}
{{- if .Values.autorites.configMap }}
- name: autorites
  configMap:
    name: {{ .Values.autorites.configMap | quote }}
    items:
      - key: {{ .Values.autorites.cle | quote }}
        path: ca-bundle.crt
{{- end }}
{{- end -}}

{{- define "backend.montages" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.autorites.configMap }}
- name: autorites
  mountPath: /etc/autorites
  readOnly: true
{{- end }}
{{- end -}}

{{/* Variables communes à toutes les commandes de l'image. */}}
{{- define "backend.env.commun" -}}
- name: APP_NOM
  value: {{ .Values.application.nom | quote }}
- name: APP_ENV
  value: {{ .Values.application.env | quote }}
- name: APP_VERSION
  value: {{ .Values.image.tag | quote }}
- name: LOG_LEVEL
  value: {{ .Values.journal | quote }}
{{- if .Values.autorites.configMap }}
- name: SSL_CERT_FILE
  value: /etc/autorites/ca-bundle.crt
- name: REQUESTS_CA_BUNDLE
  value: /etc/autorites/ca-bundle.crt
{{- end }}
{{- end -}}

{{/* Accès à la base avec le secret donné. Contexte : (dict "r" $ "secret" "…"). */}}
{{- define "backend.env.bdd" -}}
- name: DB_HOST
  value: {{ printf "%s-rw" (required "bdd.cluster est obligatoire" .r.Values.bdd.cluster) | quote }}
- name: DB_PORT
  value: {{ .r.Values.bdd.port | quote }}
- name: DB_NAME
  value: {{ required "bdd.nom est obligatoire" .r.Values.bdd.nom | quote }}
- name: DB_SSLMODE
  value: {{ .r.Values.bdd.sslmode | quote }}
- name: DB_USER
  valueFrom:
    secretKeyRef:
      name: {{ required "bdd.secrets est obligatoire" .secret | quote }}
      key: username
- name: DB_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: password
{{- end -}}

{{/* Sauvegarde et barrière. */}}
{{- define "backend.env.cnpg" -}}
- name: CNPG_CLUSTER
  value: {{ required "bdd.cluster est obligatoire" .Values.bdd.cluster | quote }}
- name: CNPG_METHODE
  value: {{ .Values.sauvegarde.methode | quote }}
- name: CNPG_PLUGIN
  value: {{ .Values.sauvegarde.plugin | quote }}
- name: RELEASE
  value: {{ .Values.image.tag | quote }}
{{- end -}}

{{/*
Kyverno « need-liveness-readiness » veut une sonde par conteneur. Un Job n'a rien à sonder : sa durée est
bornée par activeDeadlineSeconds. Cette sonde vérifie seulement que l'interpréteur répond encore ; elle
laisse trois échecs d'une minute avant tout redémarrage. (Un conteneur d'initialisation ne peut pas en porter.)
*/}}
{{- define "backend.sondeJob" -}}
livenessProbe:
  exec:
    command: ["python", "-c", "pass"]
  initialDelaySeconds: 30
  periodSeconds: 60
  timeoutSeconds: 20
  failureThreshold: 3
{{- end -}}
