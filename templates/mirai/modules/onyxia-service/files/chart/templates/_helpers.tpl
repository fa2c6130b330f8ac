{{/* Étiquettes des objets ajoutés par l'enveloppe (ceux du service portent celles de son chart). */}}
{{- define "enveloppe.etiquettes" -}}
{{- range $cle, $valeur := .Values.plateforme.etiquettes }}
{{ $cle }}: {{ $valeur | quote }}
{{- end }}
app.kubernetes.io/name: {{ .Values.plateforme.service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: {{ .Values.plateforme.etiquettes.app | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Sélection des pods du service par leurs étiquettes (plateforme.reseau.noms). */}}
{{- define "enveloppe.selection" -}}
matchExpressions:
  - key: app.kubernetes.io/instance
    operator: In
    values:
      - {{ .Release.Name | quote }}
  - key: app.kubernetes.io/name
    operator: In
    values:
      {{- range .Values.plateforme.reseau.noms }}
      - {{ . | quote }}
      {{- end }}
{{- end }}
