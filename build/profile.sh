#!/usr/bin/env bash
# Chooses the package profile once: AACLIP_PROFILE if it is set, else what the feed can give. The answer of the feed is kept in artifacts/profile.probed.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p artifacts
if [ -n "${AACLIP_PROFILE:-}" ]; then
  case "$AACLIP_PROFILE" in
    full | polyfill) profile=$AACLIP_PROFILE why="AACLIP_PROFILE says so" ;;
    *) echo "AACLIP_PROFILE is '$AACLIP_PROFILE', expected full or polyfill." >&2; exit 2 ;;
  esac
else
  if [ ! -s artifacts/profile.probed ]; then
    if answer=$(dotnet restore build/probe/probe.csproj -p:AaClipProfile=full --nologo 2>&1); then
      echo "full the feed has the real packages" > artifacts/profile.probed
    else
      # A package that is not there at all, or not in its version.
      lacking=$(grep -oE "Unable to find (a stable )?package [A-Za-z0-9.]*[A-Za-z0-9]|[A-Za-z0-9.]+ [0-9][0-9.]* was not found" <<< "$answer" | sed -E 's/.*package //; s/ was not found//' | sort -u | head -n 3 | paste -sd ',' || true)
      echo "polyfill the feed lacks ${lacking:-some packages of the full profile}" > artifacts/profile.probed
    fi
  fi
  read -r profile why < artifacts/profile.probed
fi
[ "$(cat artifacts/profile 2> /dev/null || true)" = "$profile" ] || printf '%s' "$profile" > artifacts/profile
echo "Package profile: $profile ($why)."
