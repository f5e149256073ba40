{{/*
A Deployment of our own stateless pods, rolled without a gap: a new pod is ready before an old one goes.
Call with a dict: root, component, replicas, grace (seconds), containers and volumes (rendered), replicasByScaler.
*/}}
{{- define "weather.deployment" -}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "weather.metadata" (list .root .component .component) | nindent 2 }}
spec:
  {{- if not .replicasByScaler }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "weather.selector" (list .root .component) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "weather.labels" (list .root .component) | nindent 8 }}
    spec:
      {{- include "weather.podBasics" (list .root .component) | nindent 6 }}
      {{- include "weather.spread" (list .root .component) | nindent 6 }}
      securityContext:
        {{- include "weather.podSecurity" . | nindent 8 }}
      terminationGracePeriodSeconds: {{ .grace }}
      containers:
        {{- .containers | trim | nindent 8 }}
      volumes:
        {{- .volumes | trim | nindent 8 }}
{{- end }}
