#!/usr/bin/env bash
# A long campaign of kills and storage faults (tests/EndToEnd.Tests/Surviving_crashes_and_faults.cs). Prints a line for each round. The
# exit code is 0 when nothing was lost and nothing came twice. SOAK_MINUTES (60), SOAK_SEED, SOAK_FOLDER (artifacts/soak): storage and
# counts, which the next soak continues; remove the folder to start again.
set -euo pipefail
cd "$(dirname "$0")/.."
export SOAK_MINUTES=${SOAK_MINUTES:-60} SOAK_SEED=${SOAK_SEED:-$RANDOM}
echo "Soak of $SOAK_MINUTES minutes, seed $SOAK_SEED."
exec artifacts/bin/EndToEnd.Tests/release/AaClip.EndToEnd.Tests -class '*Surviving_crashes_and_faults' -diagnostics -showLiveOutput
