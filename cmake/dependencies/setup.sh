#!/usr/bin/env bash
# Installs what the project builds and tests with: Debian packages through apt, everything else,
# pinned and checked by hash, into the ignored folder .deps. Repeats in a second when all is there.
# usage: setup.sh [build | cuda | cuda-runtime | test]...
#   build         what the server is built with; the others include it
#   cuda          the compiler of the kernels for CUDA devices
#   cuda-runtime  the libraries with which LibTorch computes on them: 2.4 GB to fetch, 2.2 GB in place
#   test          cuda, and what the tests need; what it does without an argument
# LIBTORCH=DIR uses the LibTorch in DIR instead of fetching one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
deps=${DIFFUSER_DEPS:-$root/.deps}
mkdir -p "$deps"
of_libtorch=("$here/libtorch-requirements.txt" "$here/unpack_libtorch.py" "$here/wheels.py")

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Runs the function of that name unless it has succeeded before with the same input files.
once() {
  local step=$1; shift
  local stamp="$deps/.$step.done" state
  state=$(cat "$@" | sha256sum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ] && return
  "$step"
  printf '%s\n' "$state" > "$stamp"
}

install_packages() {
  local wanted missing
  wanted=$(sed 's/#.*//' "$@")
  missing=$(for package in $wanted; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
  done)
  [ -z "$missing" ] && return
  say "installing" $missing
  as_root apt-get update -qq
  # shellcheck disable=SC2086  # one argument a package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
}

# Debian 12's own cargo is too old for the tokenizers crate; cargo-web is its newer twin.
install_cargo() {
  command -v cargo > /dev/null || [ -x "$HOME/.cargo/bin/cargo" ] && return
  say "installing cargo-web"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends cargo-web > /dev/null
}

# Downloads the wheels of requirements $1, which may be for any Linux since glibc 2.12, into .deps/wheels.
download_wheels() {
  local platform platforms=()
  for platform in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux2014 \
    manylinux_2_17 manylinux_2_12; do
    platforms+=(--platform "${platform}_x86_64")
  done
  rm -rf "$deps/wheels"
  python3 -m pip download -q --no-deps --require-hashes --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 --abi none "${platforms[@]}" \
    -r "$1" -d "$deps/wheels"
}

fetch_libtorch() {
  say "fetching LibTorch"
  rm -rf "$deps/libtorch"
  download_wheels "$here/libtorch-requirements.txt"
  python3 "$here/unpack_libtorch.py" "$deps/wheels" "$deps/libtorch"
  rm -rf "$deps/wheels"
}

fetch_cuda() {
  say "fetching the CUDA compiler"
  rm -rf "$deps/cuda"
  download_wheels "$here/cuda-requirements.txt"
  python3 "$here/unpack_cuda.py" "$deps/wheels" "$deps/cuda"
  rm -rf "$deps/wheels"
}

# Into LibTorch's own folder: what lies there the server finds without being told.
fetch_cuda_runtime() {
  local missing
  say "fetching LibTorch's CUDA libraries, 2.4 GB"
  download_wheels "$here/cuda-runtime-requirements.txt"
  python3 "$here/unpack_cuda_runtime.py" "$deps/wheels" "$deps/libtorch"
  rm -rf "$deps/wheels"
  missing=$(ldd "$deps/libtorch/lib/libtorch_cuda.so" | grep 'not found' || true)
  [ -z "$missing" ] || die "libtorch_cuda.so needs more than was fetched:" $missing
}

make_test_environment() {
  say "making the tests' Python environment"
  python3 -m venv --clear "$deps/venv"
  "$deps/venv/bin/pip" install -q --disable-pip-version-check --require-hashes \
    --only-binary=:all: -r "$here/test-requirements.txt"
}

build_tools() {
  say "building grpcurl and kustomize"
  mkdir -p "$deps/bin"
  (cd "$root/tests/tools" && go build -o "$deps/bin/" \
    github.com/fullstorydev/grpcurl/cmd/grpcurl sigs.k8s.io/kustomize/kustomize/v5)
}

setup_build() {
  install_packages "$here/apt-build.txt"
  install_cargo
  if [ -n "${LIBTORCH:-}" ]; then
    [ -f "$LIBTORCH/lib/libtorch_cpu.so" ] || die "LIBTORCH=$LIBTORCH: no lib/libtorch_cpu.so in it"
  else
    once fetch_libtorch "${of_libtorch[@]}"
  fi
}

# The kernels for CUDA devices are built where their compiler is.
setup_cuda() {
  once fetch_cuda "$here/cuda-requirements.txt" "$here/unpack_cuda.py" "$here/wheels.py"
}

# Together with LibTorch itself, whose folder is made anew with it.
setup_cuda_runtime() {
  if [ -n "${LIBTORCH:-}" ]; then
    [ -f "$LIBTORCH/lib/libtorch_cuda.so" ] || die "LIBTORCH=$LIBTORCH: no lib/libtorch_cuda.so in it"
  else
    once fetch_cuda_runtime "${of_libtorch[@]}" \
      "$here/cuda-runtime-requirements.txt" "$here/unpack_cuda_runtime.py"
  fi
}

setup_test() {
  install_packages "$here/apt-test.txt"
  once make_test_environment "$here/test-requirements.txt"
  once build_tools "$root/tests/tools/go.mod" "$root/tests/tools/go.sum"
}

[ "$(uname -m)" = x86_64 ] || die "the pinned LibTorch is for x86-64, this is $(uname -m); use LIBTORCH=DIR"
for what in "${@:-test}"; do
  case $what in
    build) setup_build ;;
    cuda) setup_build; setup_cuda ;;
    cuda-runtime) setup_build; setup_cuda_runtime ;;
    test) setup_build; setup_cuda; setup_test ;;
    *) die "unknown argument '$what'; expected build, cuda, cuda-runtime or test" ;;
  esac
done
