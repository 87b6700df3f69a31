# make test    everything: lint, tests on this host, tests in guests with real ZFS
# make demo    apply, snapshot, prune and send, on a pool in a plain file
# make help    the other targets

PYTHON  ?= $(shell command -v python3 || command -v python3.11)
VENV    ?= .venv
RELEASE ?= bookworm
# The guests of `make test`.
RELEASES := bookworm trixie-backports
# ARGS goes to the host's pytest, GUEST_ARGS to the one in a guest.
ARGS       ?=
GUEST_ARGS ?=
# Where a release is made, and the tools that make it.
DIST  ?= dist
TOOLS := build/tools
# Sizes and laps of the benchmarks; 0.1 tries them out.
BENCH_SCALE ?= 1
BENCH_LAPS ?= 1000
# How long `make endurance` goes on, and words of the campaigns that it is for.
MINUTES ?= 240
ONLY    ?=

BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
# Ansible has a venv of its own: what it needs is not for zfstune's tests to find.
ANSIBLE       := .ansible-core
ANSIBLE_STAMP := $(ANSIBLE)/.installed
# The cores that `make ansible` checks the collection on.
CORES         ?= 2.17 2.18 2.19
# Files that end up in the installed project other than as links to the tree.
BUILT   := pyproject.toml setup.py zfstune/__init__.py $(wildcard native/*.[ch] native/*.py)
SCRIPTS := .ci/run .ci/install-host .ci/ansible-test tests/lab/demo tests/lab/image/build tests/lab/image/host-setup \
	packaging/build-deb packaging/try-installed packaging/bundle/install packaging/debian/zfstune.postrm \
	$(wildcard examples/postinstall/*.sh)

.DEFAULT_GOAL := help
.PHONY: help test unit ansible fleet docs pictures instants mutants lint format lab images machines demo endurance bench recordsizes applications replayed host pages wheel wheels bundle deb installed clean

help: ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

test: host lint $(STAMP) $(ANSIBLE_STAMP) images ## Lint, then every test: this host's, bookworm's and trixie-backports'
	$(BIN)/pytest -m "not browser and not machines" $(ARGS)

unit: $(STAMP) ## The tests that need neither ZFS nor a guest
	$(BIN)/pytest $(ARGS)

docs: $(STAMP) ## The pages of docs/ as HTML in build/docs; a warning is an error
	$(BIN)/sphinx-build -b html -W --keep-going -n -q -d build/docs/doctrees docs build/docs/html
	@echo "build/docs/html/index.html"

ansible: host $(STAMP) $(ANSIBLE_STAMP) images ## The collection for Ansible: sanity and units on each core, then a fleet on two guests
	PYTHON=$(PYTHON) .ci/ansible-test .ansible-test $(CORES)
	$(BIN)/pytest -m "fleet or machines" tests/fleet tests/machines/test_fleet.py $(ARGS)

fleet: $(STAMP) $(ANSIBLE_STAMP) ## The modules for Ansible, on a pool in a plain file
	$(BIN)/pytest -m fleet tests/fleet $(ARGS)

pictures: $(STAMP) ## The report in a headless Chromium at three widths: words that are cut off or covered
	PYTHON=$(PYTHON) .ci/install-host chromium libcairo2
	$(BIN)/pip install --quiet --editable '.[png]'
	$(BIN)/pytest -m browser tests/browser $(ARGS)

instants: $(STAMP) ## Each timer in every zone over ten years, as systemd reckons it (minutes)
	ZFSTUNE_TEN_YEARS=1 $(BIN)/pytest tests/unit/schedules/test_instants_systemd.py $(ARGS)

lint: $(STAMP) ## ruff, mypy --strict, and shellcheck where it is installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(if $(wildcard benchmarks/*.py),$(BIN)/mypy benchmarks)
	for script in $(SCRIPTS); do bash -n $$script || exit; done
	if command -v shellcheck >/dev/null; then shellcheck --severity=warning $(SCRIPTS); fi

format: $(STAMP) ## Let ruff write what it would complain about
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lab: host $(STAMP) image-$(RELEASE) ## The tests on real ZFS in one guest; RELEASE=bookworm|trixie|trixie-backports
	$(BIN)/pytest -m guest --release $(RELEASE) --guest-args="$(GUEST_ARGS)" tests/lab $(ARGS)

images: host ## Build what the guests of make test boot, once: ten minutes, then nothing
	$(MAKE) --no-print-directory -j2 $(RELEASES:%=image-%)

image-%: host
	@tests/lab/run --build --release $*

machines: host $(STAMP) $(ANSIBLE_STAMP) images ## Replication by ssh between two guests, of OpenZFS 2.1 and 2.4, some ways: minutes
	$(BIN)/pytest -m machines tests/machines $(ARGS)

demo: ## See apply, snapshot, prune and send at work, on a pool in a plain file
	PYTHON=$(PYTHON) .ci/install-host gcc libc6-dev libnvpair3linux libzpool5linux
	$(MAKE) --no-print-directory $(STAMP)
	$(BIN)/python examples/demo.py

endurance: host $(STAMP) $(ANSIBLE_STAMP) images ## Kills, power cuts, walks and nonsense for MINUTES, counted in tests/endurance/results
	PYTHON=$(PYTHON) .ci/install-host clang-14 libclang-rt-14-dev
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	$(BIN)/python tests/endurance --minutes $(MINUTES) --only "$(ONLY)" $(ARGS)

bench: host image-$(RELEASE) ## Compare with the zfs command and with peers, in a guest
	tests/lab/run --release $(RELEASE) --disk 6G --timeout 5400 --output benchmarks/results \
		-- env BENCH_SCALE=$(BENCH_SCALE) BENCH_LAPS=$(BENCH_LAPS) pytest benchmarks \
		--ignore benchmarks/recordsize --benchmark-enable $(ARGS)

recordsizes: host image-$(RELEASE) ## Each profile's record size on each layout and ashift, in a guest; what is there already stays
	tests/lab/run --release $(RELEASE) --timeout 7200 --output benchmarks/results \
		$(foreach disk,1 2 3 4 5 6,--disk 1G) -- pytest benchmarks/recordsize --matrix \
		--size 4M --benchmark-enable -o timeout=7000 $(ARGS)

applications: host image-$(RELEASE) ## PostgreSQL and SQLite at each record size, in bytes a transaction, in a guest
	tests/lab/run --release $(RELEASE) --disk 4G --timeout 5400 --output benchmarks/results -- \
		env BENCH_SCALE=$(BENCH_SCALE) python3 -u benchmarks/applications $(ARGS)

replayed: $(STAMP) ## The same without a guest: recorded on this host, as root, and replayed in an image
	PYTHON=$(PYTHON) .ci/install-host strace postgresql
	BENCH_SCALE=$(BENCH_SCALE) $(BIN)/python benchmarks/applications --replayed benchmarks/results

mutants: $(STAMP) ## Change the deciding code and see that a test notices; MODULES="retention.rules", or SAMPLE=1500
	$(BIN)/pip install --quiet --editable '.[mutants]'
	@rm -rf mutants; echo "changing code and running tests: minutes a module, an hour for SAMPLE=1500"
	@# No mutant has the name "none": mutmut makes all of them, and tries not one.
	$(if $(SAMPLE),ZFSTUNE_MUTANTS=1 $(BIN)/mutmut run 'none' >mutants.log 2>&1 || true)
	ZFSTUNE_MUTANTS=1 $(BIN)/mutmut run $(foreach module,$(MODULES),'zfstune.$(module).*') \
		$(if $(SAMPLE),$$($(BIN)/python tests/mutants/sample.py $(SAMPLE) $(or $(SEED),1))) \
		>mutants.log 2>&1 || { tail -n 20 mutants.log; exit 1; }
	$(BIN)/python tests/mutants/judge.py

host: ## Install what the tests need on a Debian host (as root)
	PYTHON=$(PYTHON) .ci/install-host

pages: $(STAMP) ## Manual pages and completions of the shells, from the parser, into share/
	rm -rf share
	$(BIN)/python packaging/pages/make_pages.py share

wheel: $(STAMP) ## Build the sdist and, from it, the wheel into dist/
	rm -rf dist
	$(BIN)/pip wheel --no-deps --wheel-dir dist .

wheels: $(TOOLS)/.installed ## The sdist, wheels for x86-64 and aarch64, and what is in them, in dist/
	$(TOOLS)/bin/python packaging/release/wheels.py $(DIST)

bundle: wheels ## All that a host without a network needs, in one file: dist/zfstune-*-bundle.tar
	$(TOOLS)/bin/python packaging/release/bundle.py $(DIST)

deb: wheels ## The Debian package, from the sdist; lintian has no complaint
	PYTHON=$(PYTHON) .ci/install-host build-essential debhelper dh-python lintian fakeroot \
		pybuild-plugin-pyproject python3-all-dev python3-cffi python3-setuptools python3-wheel
	packaging/build-deb $(DIST)

installed: host images bundle deb ## The package and the bundle, installed, used and purged in guests
	for release in $(RELEASES); do packaging/try-installed $$release $(DIST) || exit; done

clean: ## Remove what was built; images of the lab stay in their cache
	rm -rf $(VENV) $(ANSIBLE) .ansible-test build dist share mutants mutants.log *.egg-info zfstune/_zfs.*

$(TOOLS)/.installed: packaging/release/requirements.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --requirement $<
	touch $@

$(STAMP): $(BUILT)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "cannot create '$(VENV)': no venv module; hint: make host"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test,lint,docs]'
	touch $@

$(ANSIBLE_STAMP): packaging/ansible/tests/requirements.txt
	$(PYTHON) -m venv $(ANSIBLE)
	$(ANSIBLE)/bin/pip install --quiet --requirement $<
	touch $@
