# The front door. On a fresh Debian 12 with git and make, `make demo` and `make test` do all their own set-up.

# The checkpoint that `make serve`, `make demo` and the container serve: a folder below the root.
DEFAULT_CHECKPOINT := model/checkpoints/licences

# Where `make checkpoint` keeps its data, its runs and its result.
CHECKPOINT_WORK := .cache/licences/work

BUILD := build
JOBS ?= $(shell nproc)
SETUP := cmake/dependencies/setup.sh
CONFIGURE := cmake --preset release $(if $(LIBTORCH),-DLIBTORCH=$(abspath $(LIBTORCH))) --log-level=WARNING
# CUDA=1 adds what it takes to compute on NVIDIA's GPUs: 2.4 GB to fetch.
PARTS := build $(if $(CUDA),cuda cuda-runtime)
PROGRAMS := diffuser-server diffuser-client diffuser-train $(if $(CUDA),diffuser-cuda)
export LIBTORCH

# Where `make bench` appends its results, with a drawing beside it; more flags for diffuser-bench.
BENCH_HISTORY := .cache/bench/history.jsonl
BENCH :=

.PHONY: help setup build serve demo checkpoint test sanitize bench microbench clean

help:
	@echo 'make demo        build, serve the default checkpoint, say which licences are in files of this machine, and where'
	@echo 'make test        build and run every test'
	@echo 'make setup       install what the build and the tests need (Debian packages; the rest into .deps)'
	@echo 'make build       build diffuser-server, diffuser-client and diffuser-train into build/bin'
	@echo 'make serve       serve the default checkpoint on ports 8001 (gRPC) and 8002 (metrics)'
	@echo 'make checkpoint  make the default checkpoint anew, data included, in $(CHECKPOINT_WORK); takes hours'
	@echo 'make sanitize    run the tests that need no LibTorch under the sanitizers'
	@echo 'make bench       measure the engine beside its linear layers alone; takes minutes; BENCH=FLAGS for diffuser-bench'
	@echo 'make microbench  measure the attention kernels by themselves'
	@echo 'make clean       remove what was built'
	@echo 'CUDA=1           with build, serve, demo and bench: for GPUs, too; fetches 2.4 GB'
	@echo 'LIBTORCH=DIR     with any of them: use the LibTorch in DIR'

setup:
	$(SETUP) test

build:
	$(SETUP) $(PARTS)
	$(CONFIGURE)
	cmake --build $(BUILD) -j $(JOBS) --target $(PROGRAMS)

serve: build
	$(BUILD)/bin/diffuser-server --model=default=$(DEFAULT_CHECKPOINT)

demo: build
	client/demo.sh $(BUILD)/bin $(DEFAULT_CHECKPOINT)

checkpoint: build
	model/training/licences/recipe.sh $(BUILD)/bin $(CHECKPOINT_WORK)

test:
	$(SETUP) test
	$(CONFIGURE)
	cmake --build $(BUILD) -j $(JOBS)
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

sanitize:
	$(SETUP) build
	for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset --log-level=WARNING && cmake --build build/$$preset -j $(JOBS) && \
	  ctest --test-dir build/$$preset --output-on-failure -j $(JOBS) || exit 1; \
	done

bench: build
	cmake --build $(BUILD) -j $(JOBS) --target diffuser-bench
	mkdir -p $(dir $(BENCH_HISTORY))
	$(BUILD)/bin/diffuser-bench --history $(BENCH_HISTORY) $(BENCH)
	$(BUILD)/bin/diffuser-bench plot --history $(BENCH_HISTORY) --output $(BENCH_HISTORY:.jsonl=.svg)

microbench: build
	cmake --build $(BUILD) -j $(JOBS) --target attention-bench
	$(BUILD)/bin/attention-bench

clean:
	rm -rf $(BUILD)
