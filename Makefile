# `make help` lists the targets.

# One configuration for everything, so that the server, the tests and the benchmarks share one build.
SWIFT_FLAGS = -c release --explicit-target-dependency-import-check error
# SwiftPM passes a dependency's traits in the order of a hash table, which changes from run to run and with it the
# command lines: without this the HTTP library is compiled anew every time. Not exported: the server must not have it.
SWIFT = SWIFT_DETERMINISTIC_HASHING=1 swift
# A build, always through a pipe: SwiftPM gives every compiler call a colour flag when it writes to a terminal, so a
# build from a terminal after one into a file compiled everything anew. Not `--no-color-diagnostics`: it would mend the
# same, but older versions do not know it, and the filter needs the pipe anyway. The status is that of the build.
SWIFT_BUILD = set -o pipefail; $(SWIFT) build $(SWIFT_FLAGS) $(1) 2>&1 | .ci/build-output
# For `pipefail`, which not every sh has.
SHELL = bash
PINION = .build/release/pinion
PYTHON ?= python3
VENV = .venv
# For the clients that agents are built with, which are large.
AGENTS_VENV = .venv-agents
PYTEST = $(VENV)/bin/python -m pytest -q -p no:cacheprovider
REPORTS = .build/test-reports
TEST_BINARY = .build/release/pinionPackageTests.xctest
# Swift tests that compute for minutes and measure no time.
BESIDE = PinionModelsTests
# Client tests that mostly wait for the half minute which a client or a request is given.
WAITING = $(addprefix Tests/Client/,test_slow_clients.py test_shutdown.py)
# Tests of the pages in a browser; skipped where there is none.
PAGES = Tests/Client/pages
KERNELS = Sources/CPinionKernels
# What builds the C kernels for Arm, and what runs them (ARM_CC=cc ARM_RUN= on an Arm machine).
ARM_CC ?= aarch64-linux-gnu-gcc
ARM_RUN ?= qemu-aarch64
ARM_BUILD = .build/arm
C_HEADERS = $(wildcard $(KERNELS)/*.h $(KERNELS)/include/*.h)
# The kernels as SwiftPM compiled them.
KERNEL_OBJECTS = $(patsubst $(KERNELS)/%.c,.build/release/CPinionKernels.build/%.c.o,$(wildcard $(KERNELS)/*.c))
C_FLAGS = -std=gnu11 -O2 -Wall -Wextra -Werror -I$(KERNELS)/include
# Where the tests keep the default model, fetched once.
TEST_DATA = .build/test-data
SWIFT_FILES = Package.swift Sources Tests
# Damaged files of each kind in a long run.
MUTATIONS ?= 10000
# Times that a long run kills a server while its ledger is written.
KILLS ?= 200
# Seconds of an evening of many clients, in a long run.
EVENING ?= 600
# Arguments of what a target runs: make serve ARGS='--port 9000'
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve build test test-swift test-long test-firefox test-agents test-arm bench format lint clean prepare build-tests parity \
    compile-arm headers

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

serve: build ## Build, then serve the default model (ARGS='--port 9000 --model FILE.gguf' ...)
	@exec $(PINION) serve $(ARGS)

build: headers ## Build the program
	@test -d .build || echo 'The first build fetches Swift packages and takes 6 to 15 minutes on two cores.'
	@$(call SWIFT_BUILD,--product pinion)

# Most tests keep one core busy. The tests of hubs and those of models' numbers run beside the others at the lowest
# priority, and so do those that wait, at their own; what the others measure is processor time, or takes seconds. Those of
# the pages come last and alone: a browser takes both cores, and times what a person waits for.
test: lint prepare ## Check the style, build, run every test
	@rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	@swift=0; models=0; client=0; hub=0; waiting=0; pages=0; \
	export PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; \
	PINION_TEST_MODEL=$$($(PINION) models pull --data-dir $(TEST_DATA)) || exit 1; export PINION_TEST_MODEL; \
	nice -n 19 $(PYTEST) --junitxml $(REPORTS)/hub.xml Tests/Client/test_hub*.py >$(REPORTS)/hub.log 2>&1 & hubs=$$!; \
	nice -n 19 $(TEST_BINARY) --testing-library swift-testing --no-parallel --filter $(BESIDE) \
	    --xunit-output $(REPORTS)/models.xml >$(REPORTS)/models.log 2>&1 & numbers=$$!; \
	$(PYTEST) --junitxml $(REPORTS)/waiting.xml $(WAITING) >$(REPORTS)/waiting.log 2>&1 & waits=$$!; \
	$(SWIFT) test $(SWIFT_FLAGS) --disable-testable-imports --skip-build --no-parallel --skip $(BESIDE) \
	    --xunit-output $(REPORTS)/swift.xml || swift=$$?; \
	$(PYTEST) --junitxml $(REPORTS)/client.xml --ignore-glob='*/test_hub*.py' --ignore Tests/Client/agents \
	    $(addprefix --ignore=,$(WAITING) $(PAGES)) Tests/Client || client=$$?; \
	wait $$numbers || models=$$?; tail -n 1 $(REPORTS)/models.log; grep -a ' recorded an issue' $(REPORTS)/models.log; \
	wait $$hubs || hub=$$?; cat $(REPORTS)/hub.log; \
	wait $$waits || waiting=$$?; cat $(REPORTS)/waiting.log; \
	$(PYTEST) --junitxml $(REPORTS)/pages.xml $(PAGES) || pages=$$?; \
	$(PYTHON) Tests/Client/summarize.py --must-run RealModelTests --must-run FamilyOracleTests \
	    "swift:$$swift:$(REPORTS)/swift-swift-testing.xml" "models:$$models:$(REPORTS)/models.xml" \
	    "client:$$client:$(REPORTS)/client.xml" "hub:$$hub:$(REPORTS)/hub.xml" \
	    "waiting:$$waiting:$(REPORTS)/waiting.xml" "pages:$$pages:$(REPORTS)/pages.xml"

# Next to each other, because a Swift build leaves a core idle where one module waits for another.
prepare:
	@$(MAKE) --no-print-directory -j 3 parity compile-arm $(VENV)/.stamp

build-tests: headers
	@$(call SWIFT_BUILD,--build-tests)

test-swift: build-tests ## Build, then run Swift tests (ARGS='--filter NAME' ...)
	$(SWIFT) test $(SWIFT_FLAGS) --disable-testable-imports --skip-build $(ARGS)

# The count is that of each kind of file: GGUF, configuration, safetensors header and index, and of random replies of each
# format; the suites of tokenizers and of JSON always have as many or more. PINION_TEST_ORACLE lets the divergence from transformers run too.
test-long: build-tests $(VENV)/.stamp ## Build, then load 10,000 damaged files of every kind and kill servers (MUTATIONS=100000)
	PINION_MUTATIONS=$(MUTATIONS) PINION_FUZZ_COUNT=$(MUTATIONS) $(SWIFT) test $(SWIFT_FLAGS) --disable-testable-imports \
	    --skip-build --no-parallel --filter 'MutationTests|GGUFFuzzTests|JSONParserTests|ReplyReaderTests|DivergenceTests' $(ARGS)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PINION_KILLS=$(KILLS) PINION_EVENING=$(EVENING) $(PYTEST) -s \
	    Tests/Client/test_ledger_kill.py Tests/Client/test_ledger_evening.py
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PINION_STRICT=1 $(PYTEST) $(PAGES)/test_speed.py

# Not a part of `make test`, so that one browser is enough for that. Tests that only the DevTools protocol can make are
# skipped; those of times are held against bars that Chromium was measured with.
test-firefox: build $(VENV)/.stamp ## Build, then test the pages in Firefox (apt-get install firefox-esr)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PINION_PAGES_IN=firefox $(PYTEST) --ignore $(PAGES)/test_speed.py $(PAGES) $(ARGS)

# The matrix of clients is written from this run and the last one of `make test`; a part of the tests leaves it as it is.
test-agents: build $(AGENTS_VENV)/.stamp ## Build, then test clients that agents are built with (fetches 500 MB)
	@mkdir -p $(REPORTS)
	$(AGENTS_VENV)/bin/python -m pytest -q -p no:cacheprovider --confcutdir Tests/Client \
	    --junitxml $(REPORTS)/agents.xml $(ARGS) Tests/Client/agents
	$(if $(ARGS),,$(PYTHON) Tests/Client/compatibility.py $(REPORTS)/client.xml $(REPORTS)/agents.xml)

$(AGENTS_VENV)/.stamp: Tests/Client/agents/requirements.txt Tests/Client/requirements.txt
	@$(PYTHON) -m venv $(AGENTS_VENV)
	@$(AGENTS_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test-arm: ## Compare the kernels for Arm with the portable ones, on an emulator
	@missing=; command -v $(firstword $(ARM_CC)) >/dev/null || missing=" gcc-aarch64-linux-gnu"; \
	echo "#include <stdio.h>" | $(ARM_CC) -E - >/dev/null 2>&1 || missing="$$missing libc6-dev-arm64-cross"; \
	command -v $(firstword $(ARM_RUN) true) >/dev/null || missing="$$missing qemu-user"; \
	test -z "$$missing" || { echo "a compiler, C library or emulator for Arm is missing; on Debian: apt-get install$$missing" >&2; exit 1; }
	@mkdir -p $(ARM_BUILD)
	$(ARM_CC) $(C_FLAGS) -ffp-contract=off -Wno-unknown-pragmas -static $(KERNELS)/*.c Tests/arm/parity.c -lm -o $(ARM_BUILD)/parity
	$(ARM_RUN) $(ARM_BUILD)/parity

# The same comparison for the instruction sets of this machine, with the very objects that the program is linked from.
parity: build-tests
	@mkdir -p $(ARM_BUILD)
	clang $(C_FLAGS) Tests/arm/parity.c $(KERNEL_OBJECTS) -lm -o $(ARM_BUILD)/parity-here
	$(ARM_BUILD)/parity-here

compile-arm: headers $(ARM_BUILD)/pn_neon-arm.o

# Freestanding, so that no C library for Arm is needed.
$(ARM_BUILD)/pn_neon-arm.o: $(KERNELS)/pn_neon.c $(C_HEADERS)
	@mkdir -p $(@D)
	clang --target=aarch64-linux-gnu -ffreestanding $(C_FLAGS) -c $< -o $@

bench: build ## Build, then measure (ARGS='--json' ...)
	@exec $(PINION) bench $(ARGS)

format: ## Format the Swift sources
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

lint: ## Check the format of the Swift sources
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

clean: ## Remove what was built, the fetched test model included
	rm -rf .build $(VENV) $(AGENTS_VENV)

$(VENV)/.stamp: Tests/Client/requirements.txt $(PAGES)/requirements.txt
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo "the client tests need python3 with venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $(PAGES)/requirements.txt
	@touch $@

# SQLite holds the keys; swift-nio-extras needs zlib.
headers:
	@command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://swift.org/install" >&2; exit 1; }
	@missing=; for pair in sqlite3.h:libsqlite3-dev zlib.h:zlib1g-dev; do \
	    echo "#include <$${pair%%:*}>" | clang -E - >/dev/null 2>&1 || missing="$$missing $${pair#*:}"; \
	done; \
	test -z "$$missing" || { echo "headers are missing; on Debian: apt-get install$$missing" >&2; exit 1; }
