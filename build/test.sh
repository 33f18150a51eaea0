#!/usr/bin/env bash
# Runs every test project of the solution and ends with one line: "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
rm -rf artifacts/tests
# The review page is tested in a browser; where it cannot be had, those tests are skipped and say so.
if ! command -v chromium > /dev/null && command -v apt-get > /dev/null; then
    echo "Installing Chromium for the tests of the review page."
    root=$([ "$(id -u)" -eq 0 ] || echo "sudo -n")
    { $root apt-get update -q && $root apt-get install -y -q --no-install-recommends chromium; } > artifacts/chromium.log 2>&1 \
        || echo "Chromium could not be installed (artifacts/chromium.log): the tests that need it are skipped."
fi
# One project after the other: in parallel on two cores, tests with deadlines would miss them.
dotnet test AaClip.Functions.sln -m:1 -c Release --no-build --nologo --results-directory artifacts/tests --logger trx --logger "console;verbosity=minimal" "$@"
code=$?
sum() { grep -rhoE "<Counters [^>]*" artifacts/tests --include=*.trx 2> /dev/null | grep -oE " $1=\"[0-9]+\"" | grep -oE "[0-9]+" | awk '{ n += $1 } END { print n + 0 }'; }
passed=$(sum passed) failed=$(sum failed) total=$(sum total) executed=$(sum executed)
if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi # an aborted run is a failure
if [ "$passed" -eq 0 ]; then echo "No test ran." >&2; code=1; fi
# Failed tests come last, so that a log that keeps only its end still shows them.
awk '/<UnitTestResult .*outcome="Failed"/ { match($0, /testName="[^"]*"/); print "FAILED " substr($0, RSTART + 10, RLENGTH - 11); failed = 1 }
     failed && /<Message>/ { sub(/.*<Message>/, ""); print "  " substr($0, 1, 600); failed = 0 }' artifacts/tests/*.trx 2> /dev/null
echo "$passed passed, $failed failed, $((total - executed)) skipped"
exit "$code"
