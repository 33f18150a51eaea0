#!/usr/bin/env bash
# The pipeline on this machine, with sample images and a live view; see 'bin/aaclip run --help'.
set -euo pipefail
cd "$(dirname "$0")/.."
exec build/aaclip run "$@"
