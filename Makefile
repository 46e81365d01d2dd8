# SPDX-License-Identifier: GPL-3.0-or-later
# The short way to everything; the work is in scripts/. ARGS are handed on, e.g.
#   make run ARGS="--port 4010"      make bench ARGS=--quick

.PHONY: run test bench format lint setup

run:
	@scripts/run.sh $(ARGS)

test:
	@scripts/test.sh

bench:
	@scripts/bench.sh $(ARGS)

format:
	@scripts/format.sh

lint:
	@scripts/lint.sh

# Only installs what running, testing and measuring need.
setup:
	@scripts/setup.sh run && scripts/setup.sh test && scripts/setup.sh bench
