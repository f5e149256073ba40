{{/* Peers and ways out that several policies share. */}}

{{- define "weather.peer" -}}
- podSelector:
    matchLabels:
      {{- include "weather.selector" . | nindent 6 }}
{{- end }}
{{- define "weather.peers.monitoring" -}}
- namespaceSelector:
    matchLabels:
      {{- toYaml .Values.networkPolicy.monitoringNamespace | nindent 6 }}
{{- end }}
{{- define "weather.peers.external" -}}
{{- range .Values.networkPolicy.externalCidrs }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end }}
{{/* Out to Kafka, wherever it is. */}}
{{- define "weather.egress.kafka" -}}
{{- if eq .Values.kafka.mode "external" }}
- to:
    {{- include "weather.peers.external" . | nindent 4 }}
{{- else if eq .Values.kafka.mode "strimzi" }}
- to:
    - podSelector:
        matchLabels:
          strimzi.io/cluster: {{ include "weather.kafka.cluster" . }}
          strimzi.io/kind: Kafka
  ports: [{port: 9093}]
{{- else }}
- to:
    {{- include "weather.peer" (list . "kafka") | nindent 4 }}
  ports: [{port: 9092}]
{{- end }}
{{- end }}
{{- define "weather.egress.redis" -}}
- to:
    {{- if eq .Values.redis.mode "external" }}
    {{- include "weather.peers.external" . | nindent 4 }}
    {{- else }}
    {{- include "weather.peer" (list . "redis") | nindent 4 }}
  ports: [{port: 6379}]
    {{- end }}
{{- end }}
{{- define "weather.egress.mongodb" -}}
- to:
    {{- if eq .Values.mongodb.mode "external" }}
    {{- include "weather.peers.external" . | nindent 4 }}
    {{- else }}
    {{- include "weather.peer" (list . "mongodb") | nindent 4 }}
  ports: [{port: 27017}]
    {{- end }}
{{- end }}
