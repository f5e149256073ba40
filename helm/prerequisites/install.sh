#!/usr/bin/env bash
# Installs or upgrades what stands beside our chart, in the cluster that KUBECONFIG names.
#   install.sh          for a cluster such as Google's, which has metrics and load balancers
#   install.sh --kind   for kind: metrics-server, the ingress on the machine's port 80, figures of energy synthetic
#   install.sh --print  only says what it would do
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH="$PWD/../../.venv/bin:$PATH"

kind='' run=(helm)
for argument; do
  case $argument in
    --kind) kind=yes ;;
    --print) run=(echo helm) ;;
    *) echo "usage: install.sh [--kind] [--print]" >&2; exit 2 ;;
  esac
done

install() { # RELEASE NAMESPACE CHART VERSION [ARGUMENT…]
  local release=$1 namespace=$2 chart=$3 version=$4 values=()
  shift 4
  [[ ! -e $release.yaml ]] || values+=(--values "$release.yaml")
  [[ -z $kind || ! -e kind/$release.yaml ]] || values+=(--values "kind/$release.yaml")
  "${run[@]}" upgrade --install "$release" "$chart" --version "$version" --namespace "$namespace" \
    --create-namespace "${values[@]}" "$@" --wait --timeout 10m
}

[[ -z $kind ]] || install metrics-server kube-system metrics-server 3.13.0 \
  --repo https://kubernetes-sigs.github.io/metrics-server/
while read -r release namespace chart version; do
  install "$release" "$namespace" "$chart" "$version"
done < <(grep -v '^#' charts.txt)
