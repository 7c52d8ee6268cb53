{{- define "edugate.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "edugate.selector" -}}
app.kubernetes.io/name: edugate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edugate.labels" -}}
{{ include "edugate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "edugate.configSecret" -}}
{{- if .Values.existingConfigSecret }}{{ .Values.existingConfigSecret }}{{ else }}{{ include "edugate.name" . }}-config{{ end }}
{{- end }}
