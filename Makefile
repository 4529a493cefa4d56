# Every target that people use carries a '##' line; 'make' prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv when it is present, else python3 -m venv and pip; 'make UV= demo' insists on pip.
UV ?= $(shell command -v uv 2>/dev/null)
# Further options for pytest, such as 'make test PYTEST="-k gate"'.
PYTEST ?=
# Tests at a time; 0 runs them one after another in one process.
WORKERS ?= 2
# 'make test LIVE=no' leaves out the tests that need a broker.
LIVE ?= yes
# 'make audit ADVISORIES=all.zip': a file, folder or archive of advisories in the form of OSV.
ADVISORIES ?=
# 'make fuzz INPUTS=2000 SEED=7'; without a seed each run has another.
INPUTS ?= 20000
SEED ?=
# 'make prove KILLS=10': of each kind.
KILLS ?= 25
OUT ?= out/demo
# The key that signs the demo's evidence: made once, for trying only.
KEY ?= out/demo-key.pem

ifeq ($(strip $(UV)),)
INSTALL = $(BIN)/python -m pip install --quiet --constraint constraints.txt
else
INSTALL = $(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt
endif

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.installed ## set everything up in .venv, run the reference campaign into out/demo, rate it, sign it
	$(BIN)/voltward run examples/demo.toml --out $(OUT)
	@test -f $(KEY) || $(BIN)/voltward --quiet evidence keygen --out $(KEY)
	$(BIN)/voltward --quiet evidence sign $(OUT) --tara cbms --key $(KEY) --out $(OUT)-pack --force
	$(BIN)/voltward --quiet evidence verify $(OUT)-pack --key $(KEY:.pem=.pub.pem)

.PHONY: test
test: $(VENV)/.installed-test broker ## set everything up and pass the tests
	$(BIN)/python -m pytest -n $(WORKERS) $(if $(filter no,$(LIVE)),-m "not live") $(PYTEST)

.PHONY: mutate
mutate: $(VENV)/.installed-test ## change constants one at a time; each change must fail a test
	$(BIN)/python tools/mutate_constants.py

.PHONY: fuzz
fuzz: $(VENV)/.installed-test ## damaged files for every reader: none may end in a traceback, hang or grow
	$(BIN)/python tools/fuzz.py --inputs $(INPUTS) $(if $(SEED),--seed $(SEED))

.PHONY: prove
prove: $(VENV)/.installed-test broker ## kill runs at random times: nothing is left, a resumed run is the same
	$(BIN)/python tools/prove.py --kills $(KILLS) $(if $(SEED),--seed $(SEED))

.PHONY: lock
lock: $(VENV)/.installed-lock ## write requirements.lock anew: versions of constraints.txt with digests
	$(BIN)/uv pip compile pyproject.toml --constraint constraints.txt --output-file requirements.lock \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	  --custom-compile-command 'make lock'

.PHONY: sbom
sbom: $(VENV)/.installed-test ## write out/sbom.json, a CycloneDX bill of materials of the lock
	$(BIN)/python tools/make_sbom.py

.PHONY: audit
audit: $(VENV)/.installed-test ## check licences and, with ADVISORIES=FILE, known faults of the lock, without a network
	$(BIN)/python tools/check_supply_chain.py $(if $(ADVISORIES),--advisories $(ADVISORIES))

.PHONY: check
check: $(VENV)/.installed-check ## format, lint, types, imports, lock, licences, reference, pictures, documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/locked_packages.py
	$(BIN)/python tools/check_supply_chain.py
	$(BIN)/python tools/generate_reference.py --check
	$(BIN)/python tools/generate_conformance_vectors.py --check
	$(BIN)/python tools/make_pictures.py --check
	$(MAKE) docs

.PHONY: docs
docs: $(VENV)/.installed-check ## build the documents into out/docs, warnings are errors
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs out/docs
	@echo "wrote out/docs (open out/docs/index.html)"

.PHONY: reference
reference: $(VENV)/.installed ## write docs/reference anew from the catalogues and the command line
	$(BIN)/python tools/generate_reference.py

.PHONY: pictures
pictures: $(VENV)/.installed ## run the demo, and make pictures and figures of README and documents from it
	$(BIN)/voltward run examples/demo.toml --out $(OUT)
	$(BIN)/python tools/make_pictures.py --run $(OUT)

.PHONY: format
format: $(VENV)/.installed-check ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.installed-bench ## the speed of the virtual range beside its peers
	$(BIN)/python -m benchmarks

.PHONY: clean
clean: ## remove .venv, out and caches
	rm -rf $(VENV) out benchmarks/out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The broker that the live tests start themselves, on a port of their own.
.PHONY: broker
broker:
ifneq ($(LIVE),no)
	@tools/ensure-mosquitto
endif

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11 demo" >&2; exit 6; }
ifeq ($(strip $(UV)),)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
else
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
endif
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(INSTALL) --group test
	@touch $@

$(VENV)/.installed-check: $(VENV)/.installed-test
	$(INSTALL) --group check --group docs
	@touch $@

$(VENV)/.installed-lock: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) --group lock
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(INSTALL) --editable '.[bench]'
	@touch $@
