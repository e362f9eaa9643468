#!/usr/bin/env bash
# Shows the whole path once: serves a checkpoint, classifies licence files of this machine with the
# sentences that decided, shows a few metrics, and stops the server as an operator would.
# usage: demo.sh PROGRAMS_DIR CHECKPOINT_DIR
set -euo pipefail

programs=$(cd "$1" && pwd) checkpoint=$(cd "$2" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
log=$(mktemp)

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# The value of a number field in the server's log.
logged() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$log" | head -n 1; }

say "Starting the server on $2"
"$programs/diffuser-server" --model=default="$checkpoint" \
  --listen=127.0.0.1:0 --metrics_listen=127.0.0.1:0 2> "$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$log"' EXIT

until [ -n "$(logged grpc_port)" ]; do
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
export DIFFUSER_SERVER=127.0.0.1:$(logged grpc_port)
"$programs/diffuser-client" health --wait=60s
"$programs/diffuser-client" models

# classify FILES...: those that are there. Every Debian has the texts; the copyright files come with packages that the
# system or the build needs. A label is shown where its score reaches the checkpoint's threshold for it.
classify() {
  local files=() file
  for file in "$@"; do [ -r "$file" ] && files+=("$file"); done
  "$programs/diffuser-client" classify --top_k=0 --evidence --max_evidence=2 "${files[@]}"
}

cd "$root"
say "Which licence is it? Texts, with the two sentences that decided most"
classify LICENSE /usr/share/common-licenses/{GPL-2,GPL-3,LGPL-2.1,Artistic,GFDL-1.3,MPL-2.0}

say "Which licences are in there? Copyright files of Debian packages"
classify /usr/share/doc/{coreutils,libgrpc++-dev,cmake,python3}/copyright

say "And in a text that states none?"
classify tests/data/documents/product-note.txt

say "What Prometheus sees"
python3 - "$(logged metrics_port)" <<'PYTHON'
import sys
import urllib.request

wanted = ("diffuser_requests_completed_total{", "diffuser_requests_in_flight{", "diffuser_tokens_used_total",
          "diffuser_queue_duration_seconds_sum", "diffuser_compute_duration_seconds_sum",
          "diffuser_batch_documents_sum", "diffuser_model_loaded", "process_resident_memory_bytes")
with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics") as page:
    for line in page.read().decode().splitlines():
        if line.startswith(wanted) and not line.endswith(" 0"):
            print(" ", line)
PYTHON

say "Stopping it with SIGTERM"
kill -TERM "$server"
wait "$server"
trap 'rm -f "$log"' EXIT
sed -n 's/^.*"event":"\(draining\|stopped\)".*$/  &/p' "$log"
echo
