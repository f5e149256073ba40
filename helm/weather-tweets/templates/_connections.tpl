{{/* Where Kafka, Redis and MongoDB are, whichever way they are run. */}}

{{- define "weather.kafka.cluster" -}}
{{ include "weather.fullname" . }}-kafka
{{- end }}

{{- define "weather.kafka.bootstrap" -}}
{{- if eq .Values.kafka.mode "external" -}}
{{ .Values.kafka.external.bootstrapServers }}
{{- else if eq .Values.kafka.mode "strimzi" -}}
{{ include "weather.kafka.cluster" . }}-kafka-bootstrap:9093
{{- else -}}
{{ include "weather.fullname" . }}-kafka:9092
{{- end -}}
{{- end }}

{{/* Kafka's settings. Call with (list $ "user"): with Strimzi each service has a user of its own. */}}
{{- define "weather.env.kafka" -}}
{{- $root := index . 0 -}}
{{- $kafka := $root.Values.kafka -}}
- name: WEATHER_KAFKA_BOOTSTRAP_SERVERS
  value: {{ include "weather.kafka.bootstrap" $root | quote }}
- name: WEATHER_KAFKA_TOPIC
  value: {{ $kafka.topic | quote }}
- name: WEATHER_KAFKA_DEAD_TOPIC
  value: {{ $kafka.deadTopic | quote }}
- name: WEATHER_KAFKA_PARTITIONS
  value: {{ $kafka.partitions | quote }}
- name: WEATHER_KAFKA_REPLICATION_FACTOR
  value: {{ include "weather.kafka.replication" $root | quote }}
{{- if eq $kafka.mode "strimzi" }}
- name: WEATHER_KAFKA_SECURITY_PROTOCOL
  value: SASL_SSL
- name: WEATHER_KAFKA_SASL_MECHANISM
  value: SCRAM-SHA-512
- name: WEATHER_KAFKA_SASL_USERNAME
  value: {{ include "weather.fullname" $root }}-{{ index . 1 }}
- name: WEATHER_KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "weather.fullname" $root }}-{{ index . 1 }}
      key: password
- name: WEATHER_KAFKA_SSL_CA_FILE
  value: /etc/kafka-ca/ca.crt
{{- else if eq $kafka.mode "external" }}
- name: WEATHER_KAFKA_SECURITY_PROTOCOL
  value: {{ $kafka.external.securityProtocol }}
{{- if hasPrefix "SASL_" $kafka.external.securityProtocol }}
- name: WEATHER_KAFKA_SASL_MECHANISM
  value: {{ $kafka.external.saslMechanism }}
- name: WEATHER_KAFKA_SASL_USERNAME
  value: {{ $kafka.external.username | quote }}
- name: WEATHER_KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $kafka.external.passwordSecret }}
      key: password
{{- end }}
{{- if $kafka.external.caSecret }}
- name: WEATHER_KAFKA_SSL_CA_FILE
  value: /etc/kafka-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}

{{/* The Secret with the authority of the brokers' certificates, empty without one. */}}
{{- define "weather.kafka.caSecret" -}}
{{- if eq .Values.kafka.mode "strimzi" -}}
{{ include "weather.kafka.cluster" . }}-cluster-ca-cert
{{- else if eq .Values.kafka.mode "external" -}}
{{ .Values.kafka.external.caSecret }}
{{- end -}}
{{- end }}

{{- define "weather.kafka.caMount" -}}
{{- if include "weather.kafka.caSecret" . }}
- name: kafka-ca
  mountPath: /etc/kafka-ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "weather.kafka.caVolume" -}}
{{- with include "weather.kafka.caSecret" . }}
- name: kafka-ca
  secret:
    secretName: {{ . }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- end }}

{{/* Replicas of a partition: all brokers up to three with Strimzi, one where there is one broker. */}}
{{- define "weather.kafka.replication" -}}
{{- if eq .Values.kafka.mode "strimzi" -}}
{{ min 3 (int .Values.kafka.strimzi.replicas) }}
{{- else if eq .Values.kafka.mode "external" -}}
{{ .Values.kafka.external.replicationFactor }}
{{- else -}}
1
{{- end -}}
{{- end }}

{{- define "weather.redis.secret" -}}
{{- if eq .Values.redis.mode "external" }}{{ .Values.redis.external.urlSecret }}{{ else }}{{ include "weather.fullname" . }}-redis{{ end -}}
{{- end }}

{{- define "weather.env.redis" -}}
- name: WEATHER_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "weather.redis.secret" . }}
      key: url
{{- end }}

{{- define "weather.mongodb.secret" -}}
{{- if eq .Values.mongodb.mode "external" }}{{ .Values.mongodb.external.urlSecret }}{{ else }}{{ include "weather.fullname" . }}-mongodb{{ end -}}
{{- end }}

{{- define "weather.env.mongodb" -}}
- name: WEATHER_MONGO_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "weather.mongodb.secret" . }}
      key: url
- name: WEATHER_MONGO_DATABASE
  value: {{ .Values.mongodb.database | quote }}
{{- end }}

{{/* Where traces go, and of how many requests. */}}
{{- define "weather.env.traces" -}}
{{- with .Values.tracing }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .ratio | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The key that our own clients send with, if the gateway asks for one. */}}
{{- define "weather.env.clientKey" -}}
{{- with .Values.gateway.clientKeySecret }}
- name: WEATHER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: key
{{- end }}
{{- end }}

{{/* The token that the gateway shows the WebSocket writer. */}}
{{- define "weather.env.writerToken" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "weather.fullname" (index . 0) }}-writer-token
      key: token
{{- end }}
