# Everything a developer runs; each target makes what it needs, in an environment of its own (.venv).

PYTHON ?= python3
VENV := .venv
NEWEST := .venv-newest
PEERS := .venv-conventions
RIVALS := .venv-peers
JAX := .venv-jax
BIN := $(VENV)/bin
# More arguments for pytest, as in `make test ARGS="-k tanh"`.
ARGS ?=
# Tests are shared among the processors.
PYTEST := -m pytest --numprocesses auto --dist worksteal

# What the extension module is made from; an editable install sees Python sources by itself.
SOURCES := pyproject.toml setup.py VERSION $(filter-out csrc/build/% csrc/test/% %.a,$(wildcard csrc/*.* csrc/*/*.* csrc/*/*/*.*)) \
           $(foreach suffix,pyx pxd pxi h in,$(wildcard src/jackern/*.$(suffix) src/jackern/*/*.$(suffix)))

.PHONY: help build demo test rivals bench-peers performance test-newest versions test-arrays test-jax test-isa accuracy chains closure ops conventions bits budget cross-bits bench lint c sanitize fuzz clean test-frozen tsan
help:
	@echo 'make demo      a network on real digits, forward and backward through jackern (under a minute)'
	@echo 'make test      the tests'
	@echo 'make test-newest   the tests, on few rows of ops, on the newest Python at hand, if it is newer, in .venv-newest'
	@echo 'make test-arrays   the tests beside other libraries, which it installs (the extra arrays)'
	@echo 'make test-jax  values and derivatives against those of JAX, which it installs (the extra jax), in .venv-jax'
	@echo 'make test-frozen   an application that PyInstaller and cx_Freeze pack (the extra frozen)'
	@echo 'make test-isa  the tests marked isa, once per instruction set (ARGS=--others: without the one in use)'
	@echo 'make accuracy  the largest errors of every op, and where (ARGS="--exhaustive exp": all of float32)'
	@echo 'make chains    20,000 random chains of Jacobians against dense matrices (minutes)'
	@echo 'make closure   docs/closure.md, the table of what structures compose and add to'
	@echo 'make ops       docs/ops.md, what every op computes, how exact it is, what others call it'
	@echo 'make conventions   docs/conventions_peers.md, what other libraries give at kinks; they take 6 GB in .venv-conventions'
	@echo 'make cross-bits    the bits of other processors, C libraries and compilers, under qemu'
	@echo 'make bits      the bits of all results against those of a commit (BASE=main; HEAD by default)'
	@echo 'make budget    instructions of small calls against tools/budget.toml, by callgrind (ARGS=--write: sets it)'
	@echo 'make bench     the benchmarks against NumPy'
	@echo 'make bench-peers   python -m jackern bench beside PyTorch, JAX, numexpr and autograd, in .venv-peers (6 GB)'
	@echo 'make performance   docs/performance.md, from the same races'
	@echo 'make c         the C library without Python (csrc/libjackern.a), and its tests'
	@echo 'make lint      formatters, linters, type checkers'
	@echo 'make sanitize  the C and Python tests under the address and undefined behaviour sanitizers'
	@echo 'make tsan      calls of several threads, in C and in Python, under the thread sanitizer (minutes)'
	@echo 'make fuzz      wrong and odd arguments under the sanitizers, SECONDS=60 for each of four kinds'
	@echo 'make build     .venv with jackern in it (editable)'
	@echo 'make clean     removes all that make has made'

$(VENV)/made: pyproject.toml
	@$(PYTHON) tools/check_build.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $@.txt
	$(BIN)/python -m pip install --quiet --requirement $@.txt
	@touch $@

$(VENV)/built: $(SOURCES) | $(VENV)/made
	@$(BIN)/python tools/check_build.py
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable .
	@touch $@

# The packages of an extra (demo, test, bench, dev); jackern itself is there already and stays.
$(VENV)/has-%: pyproject.toml | $(VENV)/built
	$(BIN)/python -m pip install --quiet 'jackern[$*]'
	@touch $@

build: $(VENV)/built

demo: $(VENV)/built $(VENV)/has-demo
	$(BIN)/python -m jackern demo

test: $(VENV)/built $(VENV)/has-test
	$(BIN)/python $(PYTEST) $(ARGS)

# With the newest packages that pip has for that Python: where deprecations and new rules show first.
test-newest:
	@newest=$$($(PYTHON) tools/newest_python.py) && \
	    if [ -n "$$newest" ]; then JACKERN_TEST_ROWS=few CHAINS=200 $(MAKE) versions test PYTHON="$$newest" VENV=$(NEWEST); fi

versions: $(VENV)/has-test
	@$(BIN)/python -c 'import importlib.metadata as m, platform; print("Python", platform.python_version(), \
	    *(f"{name} {m.version(name)}" for name in ("NumPy", "SciPy", "Cython", "setuptools")))'

test-arrays: $(VENV)/built $(VENV)/has-arrays
	$(BIN)/python $(PYTEST) tests/test_other_arrays.py tests/test_together.py tests/test_types.py tests/test_introspection.py $(ARGS)

# Apart from .venv, where JAX would warn of forks and be packed by test-frozen.
test-jax:
	$(MAKE) $(JAX)/built $(JAX)/has-jax VENV=$(JAX)
	$(JAX)/bin/python $(PYTEST) tests/test_jax.py $(ARGS)

test-frozen: $(VENV)/built $(VENV)/has-frozen
	$(BIN)/python -m pytest tests/test_frozen.py $(ARGS)

test-isa: $(VENV)/built $(VENV)/has-test
	$(BIN)/python tools/test_isa.py $(ARGS)

accuracy: $(VENV)/built $(VENV)/has-test
	$(BIN)/python tools/accuracy.py $(ARGS)

chains: $(VENV)/built $(VENV)/has-test
	CHAINS=20000 $(BIN)/python $(PYTEST) tests/test_algebra.py $(ARGS)

closure: $(VENV)/built $(VENV)/has-test
	$(BIN)/python tools/closure_table.py > docs/closure.md.new
	mv docs/closure.md.new docs/closure.md

ops: $(VENV)/built $(VENV)/has-test
	$(BIN)/python tools/ops_page.py > docs/ops.md.new
	mv docs/ops.md.new docs/ops.md

# The peers are pinned in an environment of their own, of the newest Python at hand, as the newest of them want; they are
# asked from there, by points and numbers, and jackern is not in it.
$(PEERS)/made: tools/conventions/requirements.txt
	newest=$$($(PYTHON) tools/newest_python.py) && "$${newest:-$(PYTHON)}" -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet --requirement $<
	@touch $@

conventions: $(VENV)/built $(PEERS)/made
	$(BIN)/python tools/conventions --python $(PEERS)/bin/python > docs/conventions_peers.md.new
	mv docs/conventions_peers.md.new docs/conventions_peers.md

# A commit's build is kept, and so is what it writes, until the cases change; the working tree's is made anew.
# `built` names the instruction sets.  One thread of OpenBLAS, and of jackern where a case does not say otherwise.
BASE ?= HEAD
BITS := build/bits
ALONE := OPENBLAS_NUM_THREADS=1 JACKERN_NUM_THREADS=1
bits: $(VENV)/built $(VENV)/has-test
	@commit=$$(git rev-parse --verify --quiet '$(BASE)^{commit}') || { echo 'no commit: BASE=$(BASE)'; exit 2; }; \
	rm -rf $(BITS)/tree; \
	$(MAKE) --no-print-directory $(BITS)/$$commit/built $(BITS)/tree/built && \
	sets=$$(cat $(BITS)/$$commit/built) && \
	files=$$(for set in $$sets; do echo $(BITS)/$$commit/$$set.txt $(BITS)/tree/$$set.txt; done) && \
	$(MAKE) --no-print-directory -j2 $$files && \
	$(BIN)/python tools/bits.py compare $(BITS)/$$commit $(BITS)/tree $(ARGS)

$(BITS)/%/built:
	rm -rf $(@D) && mkdir -p $(@D)/sources
	$(if $(filter tree,$*),,git archive $* | tar -x -C $(@D)/sources)
	cd $(if $(filter tree,$*),.,$(@D)/sources) && $(CURDIR)/$(BIN)/python setup.py --quiet build \
	    --build-base $(CURDIR)/$(@D)/base --build-lib $(CURDIR)/$(@D)/lib
	PYTHONPATH=$(@D)/lib $(BIN)/python -c \
	    'import jackern; print(*jackern.show_config("dicts")["instruction sets"])' > $@.new
	mv $@.new $@

$(BITS)/%.txt: tools/bits.py $(wildcard tools/bits_cases/*.py) $(VENV)/has-test
	$(ALONE) JACKERN_ISA=$(*F) PYTHONPATH=$(@D)/lib $(BIN)/python tools/bits.py write $@.new
	mv $@.new $@

# It depends neither on Python nor on NumPy, nor on what else the machine does.
budget: $(VENV)/built
	$(BIN)/python tools/budget.py $(ARGS)

# What other processors, C libraries and compilers compute; qemu runs them.
cross-bits:
	$(PYTHON) tools/cross_bits.py $(ARGS)

bench: $(VENV)/built $(VENV)/has-bench
	$(BIN)/python -m pytest bench $(ARGS)

# The peers are pinned, in an environment of the newest Python at hand, where jackern is built as well.
bench-peers: rivals
	$(RIVALS)/bin/python -m jackern bench $(ARGS)

rivals:
	newest=$$($(PYTHON) tools/newest_python.py); \
	    $(MAKE) $(RIVALS)/peers VENV=$(RIVALS) PYTHON="$${newest:-$(PYTHON)}"

$(VENV)/peers: tools/bench_peers.txt | $(VENV)/built $(VENV)/has-bench
	$(BIN)/python -m pip install --quiet --requirement $<
	@touch $@

# docs/performance.md and its pictures, from all races.
performance: rivals
	$(RIVALS)/bin/python -m jackern bench --json build/performance.json --plot docs/performance.svg $(ARGS)
	$(RIVALS)/bin/python tools/performance_page.py build/performance.json

c:
	$(MAKE) -C csrc

lint: $(VENV)/built $(VENV)/has-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $$(find csrc examples src -name '*.[ch]' -not -path '*/build/*')
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint src/jackern
	$(BIN)/mypy
	$(BIN)/python tools/fit_vmath --check
	$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist tools/stubtest.txt jackern

# An instrumented build of its own, beside the one in .venv, without the loops of further instruction sets: at -O1 all are
# the same.  Python and NumPy leak on purpose at exit.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g
SANITIZED := build/sanitize
SANITIZED_PYTHON = LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 PYTHONMALLOC=malloc PYTHONPATH=$(SANITIZED)/lib $(BIN)/python

# The C library is compiled once, for its own tests and for Python.
SANITIZED_LIBRARY := ISAS= CC=gcc BUILD=build/sanitize LIBRARY=build/sanitize/libjackern.a CFLAGS='$(SANITIZE) -O1'
$(SANITIZED)/built: $(SOURCES) | $(VENV)/built $(VENV)/has-test
	$(MAKE) -j2 -C csrc $(SANITIZED_LIBRARY) build/sanitize/libjackern.a
	CC=gcc CFLAGS='$(SANITIZE) -O1' JACKERN_LIBRARY=csrc/build/sanitize/libjackern.a $(BIN)/python setup.py --quiet build --build-base $(SANITIZED) --build-lib $(SANITIZED)/lib
	@touch $@

sanitize: $(SANITIZED)/built
	$(MAKE) -j2 -C csrc $(SANITIZED_LIBRARY)
	$(SANITIZED_PYTHON) $(PYTEST) $(ARGS)

# Calls of several threads, first of C, then of Python, where the sanitizer must also see the race that is planted: it then
# ends with 66.  Python itself is not instrumented, but its locks are seen, the GIL among them.
TSAN := build/tsan
TSAN_PYTHON = LD_PRELOAD="$$(gcc -print-file-name=libtsan.so)" TSAN_OPTIONS=halt_on_error=1 PYTHONMALLOC=malloc \
    OPENBLAS_NUM_THREADS=1 PYTHONPATH=$(TSAN)/lib $$(setarch -R true 2>/dev/null && echo setarch -R) $(BIN)/python

$(TSAN)/built: $(SOURCES) | $(VENV)/built
	CC=gcc CFLAGS='-fsanitize=thread -O1 -g' JACKERN_ISAS= $(BIN)/python setup.py --quiet build --build-base $(TSAN) --build-lib $(TSAN)/lib
	@touch $@

tsan: $(TSAN)/built
	$(MAKE) -C csrc tsan CC=gcc ROUNDS=20
	$(TSAN_PYTHON) tools/races.py $(ARGS)
	$(TSAN_PYTHON) tools/races.py --planted >/dev/null 2>&1; [ $$? -eq 66 ]

# Wrong descriptions, pickles and indices, and odd memory, under the same sanitizers.
SECONDS ?= 60
fuzz: $(SANITIZED)/built
	$(SANITIZED_PYTHON) tools/fuzz.py --seconds $(SECONDS) $(ARGS)

clean:
	$(MAKE) -C csrc clean
	rm -rf $(VENV) $(NEWEST) $(PEERS) $(JAX) build dist src/*.egg-info src/jackern/*.so src/jackern/ops.pyi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
