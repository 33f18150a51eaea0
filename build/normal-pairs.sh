#!/usr/bin/env bash
# The experiment with normal pairs as positives (docs/training.md): the demonstration model's pre-training, small and shorter, with and
# without --normal-pairs softmax, three seeds each; measured on drawn classes that no step has used, and on further data sets in MVTec's
# layout with a class word in meta.json. Thresholds are from normal images alone. Continues where it was stopped.
# Usage: build/normal-pairs.sh [WORK FOLDER [DATA SETS...]]
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-scratch/normal-pairs}
shift || true
unseen=("cork board" "wire mesh" gasket key connector pill)
mkdir -p "$work"
[ -d "$work/unseen" ] || build/aaclip generate --classes unseen --images 100 --size 128 --seed 2 --out "$work/unseen"
[ -d "$work/others" ] || build/aaclip generate --classes unseen --images 100 --size 128 --seed 3 --out "$work/others"

# 1. Towers.
for seed in 1 2 3; do
  for pairs in none softmax; do
    run=$work/$pairs-$seed
    resume=(); [ ! -f "$run/clip/state.safetensors" ] || resume=(--resume)
    build/aaclip pretrain --small --steps 1500 --seed "$seed" --normal-pairs "$pairs" --out "$run/clip" "${resume[@]}"
    [ -d "$run/package" ] || build/aaclip import --clip "$run/clip/clip.safetensors" --vision-heads 3 --text-heads 3 --size 128 --name "$pairs-$seed" --out "$run/package"
  done
done

# 2. Thresholds and verdicts. rates MODEL CLASS NORMALS GOOD BAD prints false alarms and defects found, in percent.
rates() {
  rm -rf "$work/calibrated"
  build/aaclip calibrate --model "$1" --class "$2" --normals "$3" --false-alarms 0.02 --provider cpu --out "$work/calibrated" > /dev/null 2>&1
  share() { build/aaclip score --model "$work/calibrated" --class "$1" --provider cpu --json - "${@:2}" 2> /dev/null | awk '/"verdict":"anomalous"/ { n++ } END { printf "%.1f", 100 * n / NR }'; }
  mapfile -t bad < <(find "$5" -mindepth 1 -maxdepth 1 -type d -not -name good)
  echo "$(share "$2" "$4") $(share "$2" "${bad[@]}")"
}
area() { build/aaclip evaluate --model "$1" --data "$2" --provider cpu --json 2> /dev/null > "$work/evaluation.json"; cat "$work/evaluation.json"; }

echo "run data falseAlarms found"
for seed in 1 2 3; do
  for pairs in none softmax; do
    model=$work/$pairs-$seed/package
    for class in "${unseen[@]}"; do
      folder=${class// /_}
      echo "$pairs-$seed $folder $(rates "$model" "$class" "$work/others/$folder/train/good" "$work/unseen/$folder/test/good" "$work/unseen/$folder/test")"
    done
    for set in "$@"; do
      class=$(sed -nE 's/.*"class_word": *"([^"]+)".*/\1/p' "$set/meta.json")
      echo "$pairs-$seed $(basename "$set") $(rates "$model" "$class" "$set/train/good" "$set/test/good" "$set/test")"
    done
    area "$model" "$work/unseen" > "$work/$pairs-$seed/evaluation.json"
    for set in "$@"; do area "$model" "$set" > "$work/$pairs-$seed/evaluation-$(basename "$set").json"; done
  done
done
