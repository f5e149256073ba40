{{/* The name that every object of this release begins with. */}}
{{- define "weather.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Labels that never change: selectors. Call with (list $ "component"). */}}
{{- define "weather.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: weather-tweets
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of every object. Call with (list $ "component"). */}}
{{- define "weather.labels" -}}
{{- $root := index . 0 -}}
{{ include "weather.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The metadata block of an object. Call with (list $ "component" "name suffix"). */}}
{{- define "weather.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "weather.fullname" $root }}-{{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "weather.labels" . | nindent 2 }}
{{- end }}

{{/* The image of one of our services. Call with (list $ "service"). */}}
{{- define "weather.image" -}}
{{- $image := (index . 0).Values.image -}}
{{- printf "%s/%s:%s" $image.repository (index . 1) ($image.tag | default (index . 0).Chart.AppVersion) -}}
{{- end }}

{{/* The component whose pod a service's container runs in: `api` when the three share a pod. */}}
{{- define "weather.podOf" -}}
{{- if eq (index . 0).Values.api.layout "pod" }}api{{ else }}{{ index . 1 }}{{ end -}}
{{- end }}

{{/* Container security: the Pod Security Standard `restricted`, and nothing to write but volumes. */}}
{{- define "weather.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Pod security of our own images. */}}
{{- define "weather.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What every pod's specification begins with. Call with (list $ "component"). */}}
{{- define "weather.podBasics" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "weather.fullname" $root }}-{{ index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.scheduling.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.scheduling.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.scheduling.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Replicas of one component apart from one another, over nodes and zones. Call with (list $ "component"). */}}
{{- define "weather.spread" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.scheduling.spread.enabled }}
topologySpreadConstraints:
  {{- range $root.Values.scheduling.spread.topologyKeys }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $root.Values.scheduling.spread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "weather.selector" (list $root (index $ 1)) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The account of a component: it exists so that pods have no token of the default one. */}}
{{- define "weather.serviceAccount" }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "weather.metadata" (list (index . 0) (index . 1) (index . 1)) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/* Evictions take one pod of a component at a time. */}}
{{- define "weather.disruption" -}}
{{- if (index . 0).Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "weather.metadata" (list (index . 0) (index . 1) (index . 1)) | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "weather.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Annotations by which a Prometheus without its operator finds a Service's metrics. Call with (list $ port). */}}
{{- define "weather.scrapeAnnotations" -}}
{{- if eq (index . 0).Values.monitoring.mode "annotations" }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/path: /metrics
  prometheus.io/port: {{ index . 1 | quote }}
{{- end }}
{{- end }}

{{/* A password made once: what the Secret has already, else a new one. Call with (list $ "secret" "key"). */}}
{{- define "weather.keptPassword" -}}
{{- $root := index . 0 -}}
{{- $secret := lookup "v1" "Secret" $root.Release.Namespace (index . 1) -}}
{{- $kept := dig "data" (index . 2) "" ($secret | default dict) -}}
{{- if $kept }}{{ $kept | b64dec }}{{ else }}{{ randAlphaNum 32 }}{{ end -}}
{{- end }}

{{/* Secrets and volumes belong together: either both outlive the release or neither does. */}}
{{- define "weather.keep" -}}
{{- if .Values.persistence.keep }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end }}

{{/* A volume of a store. Call with (list $ "component" $values.persistence). */}}
{{- define "weather.volumeClaim" -}}
{{- $root := index . 0 -}}
{{- $persistence := index . 2 -}}
{{- if and $persistence.enabled (not $persistence.existingClaim) }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "weather.metadata" (list $root (index . 1) (index . 1)) | nindent 2 }}
  {{- include "weather.keep" $root | nindent 2 }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with $persistence.storageClass | default $root.Values.persistence.storageClass }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ $persistence.size }}
{{- end }}
{{- end }}

{{/* The volume `data` of a store's pod. Call with (list $ "component" $values.persistence). */}}
{{- define "weather.dataVolume" -}}
{{- $persistence := index . 2 -}}
- name: data
  {{- if $persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ $persistence.existingClaim | default (printf "%s-%s" (include "weather.fullname" (index . 0)) (index . 1)) }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ $persistence.size }}
  {{- end }}
{{- end }}

{{/* Logging of our services. */}}
{{- define "weather.env.log" -}}
- name: WEATHER_LOG_LEVEL
  value: {{ .Values.log.level | quote }}
- name: WEATHER_LOG_FORMAT
  value: {{ .Values.log.format | quote }}
{{- end }}

{{/* Further environment of one service: a map of plain values. */}}
{{- define "weather.env.extra" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* The host of the ingress: one's own, else <ip>.nip.io, else none. */}}
{{- define "weather.host" -}}
{{- if .Values.ingress.host }}{{ .Values.ingress.host }}{{ else if .Values.ingress.ip }}{{ .Values.ingress.ip }}.nip.io{{ end -}}
{{- end }}
