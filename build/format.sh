#!/usr/bin/env bash
# Formats the sources. With --check it changes nothing and fails where something is not formatted or a line is longer than 140 columns.
set -euo pipefail
cd "$(dirname "$0")/.."
folders=(src tests bench samples)
dotnet tool restore > /dev/null
if [ "${1:-}" != --check ]; then
    exec dotnet csharpier format "${folders[@]}"
fi
failed=0
dotnet csharpier check "${folders[@]}" || failed=1
if git ls-files -- "${folders[@]/%//*.cs}" | LC_ALL=C.UTF-8 xargs grep -nE '^.{141,}'; then
    echo "The lines above are longer than 140 columns." >&2
    failed=1
fi
exit "$failed"
