# On a fresh machine with Python 3.11 or newer and make: `make demo`, `make test`, `make lab`.
# Each sets up .venv first; the second time that takes no time.
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
RUN   := $(BIN)/python -m
FRONT := jupyter_stream/widgets/frontend
NODE  := $(FRONT)/node_modules/.ready
BENCH := .venv-bench
PEERS := .venv-peers
MUTANTS := .venv-mutants
TRACES := .venv-traces

# An activated environment, or a kernel's own settings, must not leak into this one.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.PHONY: help setup demo lab record test test-core test-browser test-notebooks test-traces test-binder test-frontend frontend bench \
    bench-peers picture mutants lint format lock clean

help:
	@echo 'make demo            the quickstart on the embedded model, in this terminal'
	@echo 'make lab             JupyterLab, opened on the notebooks'
	@echo 'make test            all tests; those in a browser only where Chromium is'
	@echo 'make test-browser    the tests in a real JupyterLab and a real Chromium'
	@echo 'make test-notebooks  the notebooks, run again from their cassettes and compared (nbval)'
	@echo 'make record          the notebooks, run on the embedded model: outputs and cassettes anew'
	@echo 'make test-traces     spans beside those of the peer, of the protocols whose SDKs are large, and in Logfire'
	@echo 'make test-binder     the steps that Binder takes, in a clean copy'
	@echo 'make bench           the measurements in benchmarks/README.md'
	@echo 'make bench-peers     beside other ways to ask, in the page of one JupyterLab'
	@echo 'make picture         the moving picture in README.md, recorded anew'
	@echo 'make mutants         breaks the code in a sample of places, and sees whether the tests notice'
	@echo 'make lint | format   ruff and pyright | ruff'
	@echo 'make lock            uv.lock anew, after pyproject.toml has changed'
	@echo 'make clean           everything that make made, the environments too'

setup: $(READY)

# With the JupyterLab extension, of which an editable installation holds a copy.
$(READY): pyproject.toml uv.lock tools/setup.sh labextension/package.json
	@sh tools/setup.sh $(READY)

demo: $(READY)
	@$(BIN)/python tools/demo.py

lab: $(READY)
	$(BIN)/jupyter lab notebooks/01-quickstart.ipynb

test: test-core test-notebooks
	@if $(BIN)/python tools/chromium.py >/dev/null 2>&1; then \
	    $(MAKE) --no-print-directory test-browser; \
	else \
	    echo 'No Chromium here: the browser tests were left out (apt-get install chromium, then make test-browser).'; \
	fi

test-core: $(READY)
	$(RUN) pytest tests --ignore=tests/browser -m 'not slow' -n 2 -q $(PYTEST_ARGS)

# Their answers are from the cassettes beside them; to Python the embedded model is not installed.
test-notebooks: $(READY)
	PYTHONPATH=tools/without_llama $(RUN) pytest --nbval notebooks -q $(PYTEST_ARGS)

# The embedded model is asked anew; what it says now and has not said before is told at the end.
record: $(READY)
	env -u JUPYTER_STREAM_MODEL -u JUPYTER_STREAM_LOCAL_MODEL $(RUN) jupyter_stream.cassettes record notebooks
	$(RUN) jupyter_stream.cassettes diff notebooks

test-browser: $(READY)
	@$(BIN)/python tools/chromium.py
	JUPYTER_STREAM_REQUIRE=browser,local_model,$$JUPYTER_STREAM_REQUIRE $(RUN) pytest tests/browser -q $(PYTEST_ARGS)

# Logfire, and the SDKs that the peer reads the other protocols with, stay out of the usual environment.
$(TRACES)/.ready: pyproject.toml uv.lock tools/setup.sh
	@sh tools/setup.sh $(TRACES)/.ready $(TRACES) --no-dev --group traces

test-traces: $(TRACES)/.ready
	$(TRACES)/bin/python -m pytest tests/instrumented tests/typed -m slow -n 2 --dist loadgroup -q \
	    -p no:logfire -p no:pytest_logfire $(PYTEST_ARGS)

test-binder: $(READY)
	$(RUN) pytest tests/test_binder.py -q -m slow $(PYTEST_ARGS)

# node is needed by those only who change the front end: what it builds is committed.
$(NODE): $(FRONT)/package-lock.json
	@command -v npm >/dev/null || { echo 'The front end is built with node and npm: install them (nodejs.org).' >&2; exit 1; }
	npm --prefix $(FRONT) ci --no-fund --no-audit --loglevel=error
	@touch $(NODE)

frontend: $(NODE)
	node $(FRONT)/build.mjs
	node $(FRONT)/build_lab.mjs

test-frontend: $(NODE)
	npm --prefix $(FRONT) run --silent check
	npm --prefix $(FRONT) run --silent test
	@rm -rf build/static && node $(FRONT)/build.mjs --out build/static >/dev/null
	@diff -r build/static jupyter_stream/widgets/static >/dev/null || \
	    { echo 'jupyter_stream/widgets/static is not what its source gives: run make frontend and commit it.' >&2; exit 1; }
	@rm -rf build/labextension && node $(FRONT)/build_lab.mjs --out build/labextension >/dev/null
	@diff -r build/labextension labextension >/dev/null || \
	    { echo 'labextension is not what its source gives: run make frontend and commit it.' >&2; exit 1; }

# What is measured against (pydantic_ai and the vendors' SDKs) stays out of the environment that is tested.
$(BENCH)/.ready: pyproject.toml uv.lock tools/setup.sh
	@sh tools/setup.sh $(BENCH)/.ready $(BENCH) --no-dev --group bench

bench: $(READY) $(BENCH)/.ready
	$(BIN)/python benchmarks/browser_bytes.py
	$(BENCH)/bin/python benchmarks/cost_per_delta.py
	$(BENCH)/bin/python benchmarks/import_time.py

$(PEERS)/.ready: pyproject.toml uv.lock tools/setup.sh
	@sh tools/setup.sh $(PEERS)/.ready $(PEERS) --no-dev --group peers

bench-peers: $(PEERS)/.ready
	$(PEERS)/bin/python benchmarks/peers.py

picture: $(READY)
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/picture.py

$(MUTANTS)/.ready: pyproject.toml uv.lock tools/setup.sh
	@sh tools/setup.sh $(MUTANTS)/.ready $(MUTANTS) --group mutants

mutants: $(MUTANTS)/.ready
	$(MUTANTS)/bin/python tools/mutants.py $(MUTANTS_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(BIN)/python -m uv lock

clean:
	rm -rf $(VENV) $(BENCH) $(PEERS) $(MUTANTS) $(TRACES) build dist .pytest_cache .ruff_cache .hypothesis $(FRONT)/node_modules $(FRONT)/.tests
