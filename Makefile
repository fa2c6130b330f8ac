# make tools   installs, pinned, the programs that the tests call (under target/tools)
# make bench   ratios to the peers, in one run, written to docs/bench.md
# make cluster  the real engines: an API server and the operators' programs, built once, judge what is generated
# make load    ten minutes of load on a generated application (make test: 40 seconds)
# make traffic the application in service during the migration and purge of a million rows (make test: tens of thousands)
# make register-image  the generated register of processing as pictures, to be looked at
# make fuzz    an hour of coverage-guided fuzzing of check (make test: a minute)
# make test    everything a change must pass; the last lines are those of cargo test
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: build tools test fmt lint deny check-tools-scripts doctest backend-variants

TOOLS := $(CURDIR)/target/tools

build:
	cargo build --release --locked

tools:
	bash tests/tools/install.sh

fmt:
	cargo fmt --all --check

lint:
	cargo clippy --locked --all-targets --quiet -- -D warnings

deny: tools
	$(TOOLS)/bin/cargo-deny --log-level warn check --hide-inclusion-graph bans licenses sources

check-tools-scripts: tools
	$(TOOLS)/bin/shellcheck tests/tools/*.sh tests/cluster/*.sh tests/cluster/tools/*.sh tests/conformance/*.sh fuzz/*.sh .ci/run

# Doc tests first, so that the run ends on the lines of the integration tests.
doctest:
	cargo test --locked --quiet --doc

test: tools fmt lint deny check-tools-scripts fuzz-minute doctest
	MIRAI_TOOLS=$(TOOLS) cargo test --locked --lib --bins --tests

# An hour of what nobody writes, for `check`; make test spends a minute on it.
.PHONY: fuzz fuzz-minute
fuzz: tools
	bash fuzz/run.sh 3600

fuzz-minute: tools
	bash fuzz/run.sh 60

# Its own target: the programs take long to build, once.
.PHONY: cluster cluster-tools
cluster-tools: tools
	bash tests/cluster/tools/install.sh

cluster: cluster-tools
	MIRAI_TOOLS=$(TOOLS) bash tests/cluster/run.sh

# Longer than make test (about 20 minutes): every variant of the generated backend, on a real PostgreSQL.
backend-variants: build
	bash tests/conformance/backend_variants.sh all

# Longer than make test, which runs the same for 40 seconds: ten minutes of load on a generated application, stopped and
# its database restarted in the middle.
.PHONY: load
load: tools
	MIRAI_TOOLS=$(TOOLS) MIRAI_LOAD_SECONDS=600 cargo test --locked --test first_day -- --nocapture under_load

# Longer than make test (minutes): version N's traffic while a million rows are migrated, purged and their columns withdrawn.
.PHONY: traffic
traffic: tools
	MIRAI_TOOLS=$(TOOLS) MIRAI_TRAFFIC_ROWS=1000000 cargo test --locked --test rgpd_traffic -- --nocapture

# The register as people see it, for who wants to look: a PDF, and a PNG for each page. LibreOffice is heavy, and a picture is
# judged by eyes: not part of make test, which reads the same file back cell by cell. Debian 12's packages: 7.4.
.PHONY: register-image
register-image: build
	soffice --version | grep -q ' 7\.4\.' || { echo 'apt-get install libreoffice-calc-nogui (7.4, Debian 12) poppler-utils' >&2; exit 1; }
	rm -rf target/register && mkdir -p target/register
	cp tests/fixtures/rgpd/guichet.yaml target/register/modele.yaml
	target/release/mirai-kit rgpd render target/register
	soffice -env:UserInstallation=file://$(CURDIR)/target/register/profile --headless --convert-to pdf --outdir target/register target/register/registre-des-traitements.ods
	pdftoppm -r 80 -png target/register/registre-des-traitements.pdf target/register/page
	ls target/register/page-*.png

# Not part of make test: a figure never fails a build.
.PHONY: bench
bench: build tools
	bash bench/peers.sh
	python3 bench/run.py --mirai-kit target/release/mirai-kit --cargo-generate $(TOOLS)/bench/bin/cargo-generate \
	  --venv $(TOOLS)/bench/venv --empty $(TOOLS)/bench/empty --peak $(TOOLS)/bench/peak \
	  --checkov $(TOOLS)/bin/checkov --helm $(TOOLS)/helm4/helm --write docs/bench.md
	printf '\n## Anonymised copies\n\nOne server, the same rows in turn; median of seven rounds.\n\n| Measure | Ratio | Spread |\n| --- | --- | --- |\n' >> docs/bench.md
	MIRAI_TOOLS=$(TOOLS) MIRAI_COST_ROWS=100000 cargo test --locked --test rgpd_cost -- --nocapture | grep '^| ' >> docs/bench.md
