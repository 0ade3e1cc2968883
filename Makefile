# The front door. Every target gets what it needs by itself; `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help build component demo test conformance pfx-corpus lint bench bench-emulator coverage clean programs \
	reproducible sbom fuzz portability

CARGO := .ci/toolchain cargo
RELEASE := target/release
CORE := target/component/wasm32-unknown-unknown/guest
# Tests need the component, and one that misbehaves.
COMPONENTS := $(RELEASE)/keyvault_extension.wasm $(RELEASE)/hostile_extension.wasm

help:
	@echo 'make demo       run an inventory against an emulated Azure, and show it'
	@echo 'make test       run every test'
	@echo "make conformance  let Azure's official Python SDKs loose on the emulator"
	@echo 'make pfx-corpus open public PKCS#12 files, and compare with OpenSSL'
	@echo 'make portability  run the component in Node, and an extension in JavaScript in akv'
	@echo 'make build      akv, azure-emulator and keyvault_extension.wasm in $(RELEASE)/'
	@echo 'make component  only the component'
	@echo 'make lint       format, clippy, documentation, licences'
	@echo 'make coverage   say which lines of the guest its native tests run'
	@echo 'make bench      measure an inventory of 1,000 certificates'
	@echo 'make bench-emulator  measure how fast the emulator starts and answers'
	@echo 'make fuzz       look for inputs that break a parser, a minute for each'
	@echo 'make reproducible  build the component twice, in two places, and compare'
	@echo 'make sbom       write what akv and the component are made of (CycloneDX)'
	@echo 'make clean      remove everything that was built'

build: programs component

programs:
	$(CARGO) build --release --locked -p extension-host -p azure-emulator

component: $(RELEASE)/keyvault_extension.wasm

# Cargo knows what is out of date; the files are written anew only when they differ.
$(RELEASE)/%.wasm: FORCE
	@mkdir -p $(RELEASE)
	.ci/toolchain wasm build --locked --profile guest -p $(subst _,-,$*)
	$(CARGO) run --quiet --release --locked -p componentize -- $(CORE)/$*.wasm $@

FORCE:

demo: build
	tests/demo

test: $(COMPONENTS)
	$(CARGO) build --release --locked -p extension-host -p azure-emulator
	$(CARGO) test --workspace --release --locked

conformance: build
	tests/conformance/run

pfx-corpus:
	$(CARGO) build --release --locked -p keyvault-extension --example pfx-report
	tests/pfx-corpus/run

lint: cargo-deny
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --release --locked --all-targets -- -D warnings
	.ci/toolchain wasm clippy --locked --profile guest -p keyvault-extension -p hostile-extension --lib -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --release --locked --no-deps --document-private-items
	$(CARGO) deny --locked check licenses bans sources

# Only what the registry has: the advisory database lies elsewhere.
.PHONY: cargo-deny
cargo-deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --version 0.20.2 cargo-deny

bench: build
	$(CARGO) bench --locked -p end-to-end

coverage:
	.ci/toolchain versions
	tests/coverage

bench-emulator:
	$(CARGO) run --quiet --release --locked -p azure-emulator --example throughput

portability: build
	tests/portability/run

fuzz: cargo-fuzz
	tests/fuzz/run

reproducible:
	guest/reproducible

# One for the program and one for the component, each as it is shipped: what its target links.
sbom: cargo-cyclonedx
	host/sbom

.PHONY: cargo-fuzz cargo-cyclonedx
cargo-fuzz:
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked --version 0.13.2 cargo-fuzz

cargo-cyclonedx:
	@$(CARGO) cyclonedx --version >/dev/null 2>&1 || $(CARGO) install --locked --version 0.5.9 cargo-cyclonedx

clean:
	rm -rf target
