#!/usr/bin/env bash
# The experiment with normal pairs as positives (docs/training.md): pre-training with and without --normal-pairs softmax, three seeds each;
# measured on drawn classes that no step has used, and on further data sets in MVTec's layout with a class word in meta.json. Thresholds are
# from normal images alone. Continues where it was stopped.
#   build/normal-pairs.sh [WORK FOLDER [DATA SETS...]]       both steps
#   build/normal-pairs.sh towers [WORK FOLDER]               only what trains; each run has a file log
#   build/normal-pairs.sh measure [WORK FOLDER [DATA SETS...]]
# FULL=1 takes the demonstration model's recipe (build/demo.sh): the larger model, 3,800 steps, and both stages of adaptation, with the option
# in pre-training and in the image stage. Without it, the small model, 1,500 steps and no adapters.
# AACLIP: the program. PROVIDER: cpu or cuda, for all training. PARALLEL: runs at a time. STEPS, IMAGES: fewer, for a rehearsal.
set -euo pipefail
cd "$(dirname "$0")/.."
aaclip=${AACLIP:-build/aaclip}
full=${FULL:-}
step=both
case ${1:-} in towers | measure) step=$1; shift ;; esac
work=${1:-scratch/normal-pairs${full:+-full}}
shift || true
runs=({none,softmax}-{1,2,3})
unseen=("cork board" "wire mesh" gasket key connector pill)
if [ -n "$full" ]; then size=() steps=3800 heads=4; else size=(--small) steps=1500 heads=3; fi
mkdir -p "$work"

# drawn NAME CLASSES IMAGES SEED draws a data set, whole or not at all.
drawn() {
  [ -d "$work/$1" ] || { rm -rf "$work/$1.part"; "$aaclip" generate --classes "$2" --images "$3" --size 128 --seed "$4" --out "$work/$1.part"; mv "$work/$1.part" "$work/$1"; }
}

# tower RUN trains the weights of a run, and its adapters.
tower() {
  local run=$work/$1 pairs=${1%-*} seed=${1#*-} resume=()
  [ ! -f "$run/done" ] || return 0
  if [ ! -f "$run/clip/done" ]; then
    [ ! -f "$run/clip/state.safetensors" ] || resume=(--resume)
    "$aaclip" pretrain "${size[@]}" --steps "${STEPS:-$steps}" --seed "$seed" --normal-pairs "$pairs" --provider "${PROVIDER:-auto}" --out "$run/clip" "${resume[@]}" || return
    touch "$run/clip/done"
  fi
  [ -n "$full" ] || { touch "$run/done"; return; }
  resume=(); [ ! -f "$run/adapters/training.json" ] || resume=(--resume)
  "$aaclip" train --clip "$run/clip/clip.safetensors" --vision-heads 4 --text-heads 3 --size 128 --preset custom --provider "${PROVIDER:-cpu}" \
    --seed "$seed" --normal-pairs "$pairs" --data "$work/seen" --no-augmentation --text-epochs 2 --text-rate 1e-4 \
    --image-epochs 6 --image-batch 8 --image-rate 1e-3 --halvings 990 1320 1650 1815 --out "$run/adapters" "${resume[@]}" || return
  touch "$run/done"
}

# 1. Towers.
if [ $step != measure ]; then
  [ -z "$full" ] || drawn seen seen "${IMAGES:-120}" 1
  for run in "${runs[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "${PARALLEL:-1}" ]; do wait -n || true; done
    mkdir -p "$work/$run"
    tower "$run" >> "$work/$run/log" 2>&1 &
  done
  wait
  for run in "${runs[@]}"; do
    [ -f "$work/$run/done" ] || { echo "Run $run is not done: see $work/$run/log." >&2; exit 1; }
  done
fi
[ $step != towers ] || exit 0

# 2. Packages, thresholds and verdicts. rates MODEL CLASS NORMALS GOOD BAD prints false alarms and defects found, in percent.
drawn unseen unseen "${IMAGES:-100}" 2
drawn others unseen "${IMAGES:-100}" 3
rates() {
  rm -rf "$work/calibrated"
  "$aaclip" calibrate --model "$1" --class "$2" --normals "$3" --false-alarms 0.02 --provider cpu --out "$work/calibrated" > /dev/null 2>&1
  share() { "$aaclip" score --model "$work/calibrated" --class "$1" --provider cpu --json - "${@:2}" 2> /dev/null | awk '/"verdict":"anomalous"/ { n++ } END { printf "%.1f", 100 * n / NR }'; }
  mapfile -t bad < <(find "$5" -mindepth 1 -maxdepth 1 -type d -not -name good)
  echo "$(share "$2" "$4") $(share "$2" "${bad[@]}")"
}

echo "run data falseAlarms found"
for run in "${runs[@]}"; do
  model=$work/$run/package
  adapters=(); [ -z "$full" ] || adapters=(--adapters "$work/$run/adapters")
  [ -d "$model" ] || "$aaclip" import --clip "$work/$run/clip/clip.safetensors" --vision-heads $heads --text-heads 3 --size 128 "${adapters[@]}" --name "$run" --out "$model" > /dev/null
  for class in "${unseen[@]}"; do
    folder=${class// /_}
    echo "$run $folder $(rates "$model" "$class" "$work/others/$folder/train/good" "$work/unseen/$folder/test/good" "$work/unseen/$folder/test")"
  done
  for set in "$@"; do
    class=$(sed -nE 's/.*"class_word": *"([^"]+)".*/\1/p' "$set/meta.json")
    echo "$run $(basename "$set") $(rates "$model" "$class" "$set/train/good" "$set/test/good" "$set/test")"
  done
  for set in "$work/unseen" "$@"; do
    "$aaclip" evaluate --model "$model" --data "$set" --provider cpu --json 2> /dev/null > "$work/$run/evaluation-$(basename "$set").json"
  done
done
