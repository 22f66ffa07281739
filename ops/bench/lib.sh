# Shared by the scripts in ops/bench/: what they need besides ops/lib.sh. Sourced, never run.
# shellcheck shell=bash disable=SC2034
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

BENCH_WORK=$ADVPO_LOCAL/bench-work
BENCH_CONFIGURATION=release
BENCH_PYTHON=$ADVPO_LOCAL/bench/bin/python

# build_bench: the programs that are measured, and the echo. Sets BENCH_PROGRAMS, the folder of the programs.
build_bench() {
  require_swift
  require_system "${PACKAGES_TO_BUILD[@]}" "${PACKAGES_TO_RUN[@]}" gcc libc6-dev
  mkdir -p "$BENCH_WORK"
  local product
  for product in advpo-bench advpo-worker; do
    say "building $product ($BENCH_CONFIGURATION)"
    swift build -c "$BENCH_CONFIGURATION" --product "$product" >"$BENCH_WORK/build.log" 2>&1 || {
      tail -n 40 "$BENCH_WORK/build.log" >&2
      fail "$product does not build; the whole log is $BENCH_WORK/build.log"
    }
  done
  BENCH_PROGRAMS=$(swift build -c "$BENCH_CONFIGURATION" --show-bin-path)
  cc -O2 -Wall -Wextra -o "$BENCH_WORK/echo" "$ADVPO_ROOT/ops/bench/echo.c" -lnng -lpthread
}

# require_plots SHORT: a Python with matplotlib, or the system's, which draws no plots, where it cannot be had or the run is a short one.
require_plots() {
  if [ -n "$1" ]; then
    BENCH_PYTHON=$(find_python)
    return 0
  fi
  (require_environment bench "$ADVPO_ROOT/ops/python/bench.txt") || {
    say "no plots: the Python environment .local/bench could not be made"
    BENCH_PYTHON=$(find_python)
  }
}
