# make try    the whole product on this computer, with no accounts
# make test   all tests           make check  format, lint, types, import rules, then all tests
# make prove  the long experiments (SHORT=1: at most ten minutes)
# make bench  what we claim about speed, as ratios measured side by side
# make lock   resolve pyproject.toml into requirements/*.txt
# make screenshots   the README's pictures     make vendor   fetch the page's one library, and axe-core for its tests

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.PHONY: help try try-clean test check prove bench lock

UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
TRY := .tools/try
WORKERS ?= 4
PY := .venv/bin/python
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

help:
	@sed -n 's/^# //p' Makefile

try: $(TRY)/.ready
	@exec $(TRY)/bin/python app.py sandbox

try-clean:
	rm -rf .sandbox $(TRY)

test: .venv/.ready
	@$(if $(CHROMIUM),true,echo "No Chromium found: the browser tests are skipped. All others run.")
	$(PY) -m pytest -m "not prove" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/.ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(MAKE) --no-print-directory test

bench: .venv/.ready
	@$(PY) -m bench

prove: .venv/.ready
	SHORT=$(SHORT) $(PY) -m pytest -m prove -rA

screenshots: .venv/.ready
	$(PY) -m tests.browser.take_screenshots

# --- environments: the stamp is newer than the locked list it was made from ---------------------------------------

$(TRY)/.ready: requirements/sandbox.txt | $(UV)
	$(call environment,$(TRY),requirements/sandbox.txt)

.venv/.ready: requirements/dev.txt | $(UV)
	$(call environment,.venv,requirements/dev.txt)

# $(1) folder, $(2) locked list. uv trusts its own certificates first, then the system's; pip takes over where uv cannot
# reach the packages at all, for it may be set up for a mirror.
define environment
@echo "Installing $(2) into $(1) ..."
@fill() { $(UV) pip install --quiet --require-hashes --python $(1)/bin/python -r $(2); }; \
	{ $(UV) venv --quiet --allow-existing --python '>=3.11' $(1) \
	&& { fill 2>/dev/null || UV_SYSTEM_CERTS=1 fill; }; } \
	|| { echo "uv could not; trying pip ..." \
	&& python3 -m venv --clear $(1) && $(1)/bin/python -m pip install --quiet --require-hashes -r $(2); }
@touch $@
endef

.tools/bin/uv:
	@python3 -m pip install --quiet --disable-pip-version-check --target .tools uv 2>/dev/null \
	|| { python3 -m venv .tools/v && .tools/v/bin/python -m pip install --quiet uv \
	&& mkdir -p .tools/bin && ln -sf ../v/bin/uv .tools/bin/uv; } \
	|| { echo "pip is missing: sudo apt install python3-pip"; exit 1; }

# --- dependencies ---------------------------------------------------------------------------------------------------

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --generate-hashes \
	--python-version 3.11 pyproject.toml

# One version of everything: the smaller lists are cut out of the largest.
lock: | $(UV)
	$(COMPILE) --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt --extra postgres --output-file requirements/run.txt
	$(COMPILE) -c requirements/dev.txt --all-extras --output-file requirements/sandbox.txt

# --- files of others (needs npm; the hashes are pinned in tests/sandbox/page) -----------------------------------------

HTM := 3.1.1
PREACT := 11.2.0
AXE := 4.14.1
VENDOR := .tools/vendor

vendor:
	rm -rf $(VENDOR) && mkdir -p $(VENDOR)
	cd $(VENDOR) && npm pack --silent htm@$(HTM) preact@$(PREACT) axe-core@$(AXE) >/dev/null \
	&& for each in *.tgz; do mkdir $${each%.tgz} && tar xzf $$each -C $${each%.tgz} --strip-components 1; done
	cp $(VENDOR)/htm-$(HTM)/preact/standalone.module.js sandbox/static/vendor/preact-htm.js
	{ printf '%s\n\n' "preact-htm.js is preact/standalone.module.js of the npm package htm $(HTM), unchanged. It contains two works." \
	  "=== htm (https://github.com/developit/htm), Apache License 2.0 ==="; cat $(VENDOR)/htm-$(HTM)/LICENSE; \
	  printf '\n%s\n\n' "=== Preact (https://github.com/preactjs/preact), MIT License ==="; cat $(VENDOR)/preact-$(PREACT)/LICENSE; \
	} > sandbox/static/vendor/LICENSES.txt
	cp $(VENDOR)/axe-core-$(AXE)/axe.min.js tests/browser/vendor/axe.min.js
	cp $(VENDOR)/axe-core-$(AXE)/LICENSE tests/browser/vendor/axe-LICENSE.txt
