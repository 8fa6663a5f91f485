# Needs git, make and Python 3.11 or newer; uses uv where it is on the PATH. `make help` lists the rest.

BIN := .venv/bin
WORKERS ?= auto
# Each worker begins with a half of its own, so that few fixtures of modules are made twice.
parallel = -n $(WORKERS) --dist worksteal
# The packages of each are pinned, and installed, apart from those of the others.
GROUPS := $(patsubst requirements/neighbors/%.in,%,$(wildcard requirements/neighbors/*.in))
GROUP := $(GROUPS)
# Settings meant for another Python stay out of the environment; what is compiled is kept, as
# many processes import the same packages: 2.3 seconds instead of 5.5 for those of a fit.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: demo language test test-all quick neighbors lowest fuzz mutants docs docs-browser release-check check lint types imports format lock lock-neighbors clean help
.DEFAULT_GOAL := help
# Two goals may need the same environment, and the tests' summary closes `make check`.
.NOTPARALLEL:

demo: build/demo.stamp ## Fit networks on the penguins, predict with them
	@mkdir -p build
	$(call show,madaline fit examples/data/penguins.csv --target species -o build/penguins.madaline)
	$(call show,madaline predict build/penguins.madaline examples/data/new_penguins.csv)

test: .venv/dev.stamp ## Run the tests and the examples in the documentation, but for those that are slow
	$(BIN)/python -m pytest $(parallel) -m "not slow" $(ARGS)

test-all: .venv/dev.stamp ## Run all tests and examples (ARGS="-m slow": those that `make test` leaves out)
	$(BIN)/python -m pytest $(parallel) $(ARGS)

quick: .venv/dev.stamp ## Run the tests that fit no model, in a minute of one processor
	$(BIN)/python -m pytest -m quick $(ARGS)

neighbors: .venv/dev.stamp $(GROUP:%=build/neighbors/%.stamp) ## Run tests/neighbors with other packages (GROUP=streams: with these alone)
	@for group in $(GROUP); do \
		printf '\n== %s\n' "$$group"; \
		build/neighbors/$$group/bin/python -m pytest $$(sed -nE "$(files)" docs/neighbors.md | sort -u) $(parallel) $(ARGS) || failed="$$failed $$group"; \
	done; test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

# The files that the table of the document gives to a group.
files = s@^\| \[.*\]\(\.\./(tests[^)]*)\) \| [^|]* \| $$group \|.*@\1@p

lowest: .venv/dev.stamp build/lowest.stamp ## Run the tests with the lowest versions that pyproject.toml admits
	build/lowest/bin/python -m pytest $(parallel) $(ARGS)

docs: .venv/dev.stamp build/docs.stamp ## Build the site in build/site, and in Chinese in build/site/zh: run its pages, check its links
	$(sphinx) --doctree-dir build/site-pages docs build/site
	$(sphinx) --tag zh --doctree-dir build/site-pages-zh docs build/site/zh
	build/docs/bin/python -m doctest site/access.py site/docstrings.py site/han_search.py site/messages.py site/notebooks.py site/pieces.py site/sources.py
	build/docs/bin/python site/check.py build/site

sphinx = build/docs/bin/python -m sphinx --fail-on-warning --keep-going --quiet --conf-dir site

# Chapters with pieces that run in the page.
LIVE := 1_one_neuron 2_xor 3_loss_and_slope 4_the_training_loop 5_too_weak_too_strong 6_how_fast

docs-browser: docs build/docs-browser/package.json ## Look at the site in Chromium, narrow and wide, light and dark, with axe
	NODE_PATH=build/docs-browser/node_modules node site/browser.cjs build/site index.html start.html search.html genindex.html \
		course/index.html $(LIVE:%=course/%.html) guides/index.html neural_network.html trust/index.html trust/quality.html gallery/index.html gallery/race.html reference/classifier.html \
		reference/command_line.html reference/file_format.html reference/settings.html sources/examples/deployment.html \
		playground.html playground/index.html zh/index.html zh/start.html zh/search.html zh/course/index.html $(LIVE:%=zh/course/%.html)

PYTHONS ?= python3.11 python3.12 python3.13 python3.14
release-check: .venv/dev.stamp ## Build wheel and source distribution, install them into empty environments, fit there
	scripts/check-release $(PYTHONS)

check: lint types imports test ## Everything that a change must pass

fuzz: .venv/dev.stamp ## Try 10,000 malformed models, checkpoints and tables each (an hour)
	$(BIN)/python -m pytest tests/fuzz $(parallel) --hypothesis-profile=fuzz $(ARGS)

mutants: .venv/dev.stamp ## Change the code at random, count what tests notice (ARGS="nn -n 20 --seed 1")
	$(BIN)/python scripts/mutants.py $(ARGS)

lint: .venv/dev.stamp ## Look for mistakes and for code that is not formatted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

language: .venv/dev.stamp ## Add new sentences to the catalogs, and list those without a translation
	$(BIN)/python scripts/language.py update
	$(BIN)/python scripts/language.py check

types: .venv/dev.stamp ## Check the types
	$(BIN)/mypy

imports: .venv/dev.stamp ## Check that each room imports only what stands below it
	$(BIN)/lint-imports --no-cache

format: .venv/dev.stamp ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.stamp ## Pin the newest versions again
	$(compile) pyproject.toml --extra dev --output-file requirements/dev.txt
	$(compile) pyproject.toml --extra cli --constraint requirements/dev.txt --output-file requirements/demo.txt
	$(compile) pyproject.toml --extra dev --extra explain --resolution lowest-direct --output-file requirements/lowest.txt
	$(compile) pyproject.toml --extra docs --constraint requirements/dev.txt --output-file requirements/docs.txt
	@$(MAKE) --no-print-directory lock-neighbors

lock-neighbors: .venv/dev.stamp ## Pin the packages of tests/neighbors again (GROUP=streams: these alone)
	@for group in $(GROUP); do \
		$(compile) requirements/tests.in requirements/neighbors/$$group.in \
			--no-emit-package madaline --output-file requirements/neighbors/$$group.txt || exit 1; \
	done

clean: ## Remove everything that these commands made
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.venv/%.stamp: requirements/%.txt pyproject.toml scripts/make-environment
	@scripts/make-environment $<
	@touch $@

# Prints a command as one would type it, then runs it in the environment of the demo.
show = @printf '\n$$ %s\n' '$(1)'; PATH="$(CURDIR)/build/demo/bin:$$PATH" $(1)

# Made after .venv, with its uv and its Python.
build/%.stamp: requirements/%.txt pyproject.toml scripts/make-environment
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/make-environment $< build/$*
	@touch $@

# The example in JavaScript runs where npm is.
build/neighbors/onnx.stamp: $(if $(shell command -v npm),build/neighbors/web.stamp)

build/neighbors/web.stamp: requirements/neighbors/web/package-lock.json
	@mkdir -p build/neighbors/web && cp requirements/neighbors/web/*.json build/neighbors/web
	@npm ci --prefix build/neighbors/web --ignore-scripts --no-audit --no-fund --loglevel error \
		|| { echo "npm cannot install onnxruntime-web: its test is skipped."; rm -rf build/neighbors/web/node_modules; }
	@touch $@

build/docs-browser/package.json: requirements/site/package-lock.json
	@mkdir -p build/docs-browser && cp requirements/site/*.json build/docs-browser
	@npm ci --prefix build/docs-browser --ignore-scripts --no-audit --no-fund --loglevel error

compile = $(BIN)/uv pip compile requirements/build.in --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --annotation-style line \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
