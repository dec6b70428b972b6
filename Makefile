# SPDX-License-Identifier: Apache-2.0
# Every target sets up what it needs, says what it is doing, and works first in an empty clone.
# Variables of the command line reach the scripts as environment variables.
.DEFAULT_GOAL := help
.PHONY: help demo test web check format soak accuracy prevalence performance compare bench bench-compare model train docs report-pages figures scaling install bundle fuzz asan tsan clean

help:  ## this list
	@echo "CapillaryX: capillary density of microcirculation frames. Research use only."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## set up, build, analyse synthetic frames (or INPUT=file, folder or video), say where to look
	@scripts/demo.sh

test:  ## set up, build and pass the tests
	@scripts/test.sh

web:  ## set up Node, test the front end (web/) and build it again
	@scripts/web.sh

check:  ## the front end built again and compared, clang-format, clang-tidy, ruff, mypy, shellcheck, the includes test
	@scripts/check.sh

format:  ## put every source into the project's format
	@scripts/format.sh

soak:  ## what takes long: soak tests, long fuzzing (FUZZ_SECONDS=600)
	@scripts/soak.sh

accuracy:  ## measure accuracy and speed on real and synthetic frames, write docs/accuracy.md
	@scripts/accuracy.sh

prevalence:  ## measure what adjusting scores to a frame's share of capillaries does, write its table into docs/analysis.md
	@scripts/prevalence.sh

performance:  ## measure the parallel system, write docs/performance.md and docs/figures/ (STEPS="bench system live memory")
	@scripts/performance.sh

compare:  ## the shipped pipeline and other methods on labelled frames (FRAMES=FOLDER), table into docs/comparators.md
	@scripts/compare.sh

bench:  ## time each stage (FILTER=regular expression picks benchmarks)
	@scripts/bench.sh

bench-compare:  ## which stages are faster or slower than in BASE=COMMIT (HEAD=COMMIT: there instead of here; FRAMES, ROUNDS=9)
	@scripts/bench_compare.sh

model:  ## train the shipped network anew, from its seed
	@scripts/model.sh

synthetic-or-real:  ## what tells synthetic capillaries from real ones (FRAMES=folder LABELS=coco.json)
	@scripts/synthetic_or_real.sh

train:  ## fine-tune the shipped network on labels of your own (LABELS=coco.json FRAMES=folder)
	@scripts/train.sh

docs:  ## remake the pages of docs/ that come from the program
	@scripts/docs.sh

report-pages:  ## measure the report with 10 and 100,000 frames, draw its pictures (docs/report.md)
	@scripts/report_pages.sh

figures:  ## draw the paper's figures 5, 6 and 7 (BENCH=bench.json of `capillaryx bench`)
	@scripts/figures.sh

scaling:  ## measure what Python and Ray cost, simulate clusters, write docs/scaling.md (wants a quiet machine)
	@scripts/scaling.sh

install:  ## install program, library and headers (PREFIX=/usr/local)
	@scripts/install.sh

bundle:  ## one tar.gz that runs anywhere without installing: program, libraries, network, licences
	@scripts/bundle.sh

fuzz:  ## run each fuzz target (FUZZ_SECONDS=60)
	@scripts/fuzz.sh

asan:  ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/sanitize.sh asan

tsan:  ## the tests under ThreadSanitizer
	@scripts/sanitize.sh tsan

clean:  ## remove what builds and demos made (keeps the Python environments)
	@rm -rf build out
