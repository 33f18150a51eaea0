#!/usr/bin/env bash
# Makes models/demo and samples/ with this repository's own code and no other input: pre-training, both stages of adaptation, int8 package,
# thresholds, sample images. Continues where it was stopped. Usage: build/demo.sh [WORK FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-scratch/demo}
unseen=("cork board" "wire mesh" gasket key connector pill)
mkdir -p "$work"

# 1. A small model of CLIP's architecture, from random weights.
resume=(); [ ! -f "$work/clip/state.safetensors" ] || resume=(--resume)
build/aaclip pretrain --out "$work/clip" --steps 3800 "${resume[@]}"

# 2. Images: seen classes to adapt with, unseen ones to test with, other unseen ones for thresholds and samples.
[ -d "$work/seen" ] || build/aaclip generate --classes seen --images 120 --size 128 --seed 1 --out "$work/seen"
[ -d "$work/unseen" ] || build/aaclip generate --classes unseen --images 100 --size 128 --seed 2 --out "$work/unseen"
[ -d "$work/others" ] || build/aaclip generate --classes unseen --images 100 --size 128 --seed 3 --out "$work/others"

# 3. Both stages.
resume=(); [ ! -f "$work/adapters/training.json" ] || resume=(--resume)
build/aaclip train --clip "$work/clip/clip.safetensors" --vision-heads 4 --text-heads 3 --size 128 --preset custom --provider cpu \
  --data "$work/seen" --no-augmentation --text-epochs 2 --text-rate 1e-4 --image-epochs 6 --image-batch 8 --image-rate 1e-3 --halvings 990 1320 1650 1815 --out "$work/adapters" "${resume[@]}"

# 4. Packages, and their metrics on classes that no step of the training has used.
rm -rf "$work"/package-*
for precision in fp32 int8; do
  build/aaclip import --clip "$work/clip/clip.safetensors" --vision-heads 4 --text-heads 3 --size 128 --adapters "$work/adapters" \
    --precision $precision --name demo --out "$work/package-$precision"
  build/aaclip evaluate --model "$work/package-$precision" --data "$work/unseen" --provider cpu --report "$work/report-$precision"
done

# 5. A threshold for each sample class, from normal images alone.
from=$work/package-int8
for class in "${unseen[@]}"; do
  build/aaclip calibrate --model "$from" --class "$class" --normals "$work/others/${class// /_}/train/good" --false-alarms 0.02 --provider cpu --out "$work/package-${class// /_}"
  from=$work/package-${class// /_}
done
rm -rf models/demo samples
mkdir -p models
cp -r "$from" models/demo

# 6. Samples: two good and two defective images of each class, with other kinds of defects for each class, and their cameras.
mkdir -p samples
turn=0
for class in "${unseen[@]}"; do
  folder=${class// /_}
  mkdir -p "samples/$folder"
  for n in 0000 0002; do cp "$work/others/$folder/test/good/$n.png" "samples/$folder/good-$n.png"; done
  mapfile -t kinds < <(find "$work/others/$folder/test" -mindepth 1 -maxdepth 1 -not -name good -printf '%f\n' | LC_ALL=C sort)
  for kind in "${kinds[turn % ${#kinds[@]}]}" "${kinds[(turn + 3) % ${#kinds[@]}]}"; do
    first=$(find "$work/others/$folder/test/$kind" -name '*.png' | LC_ALL=C sort | head -n 1)
    cp "$first" "samples/$folder/$kind-$(basename "$first")"
  done
  turn=$((turn + 1))
done
{
  echo '{ "schemaVersion": 1, "cameras": {'
  for class in "${unseen[@]}"; do
    echo "  \"${class// /_}\": { \"class\": \"$class\", \"alert\": { \"coolDownSeconds\": 5, \"closeAfterNormal\": 1 } },"
  done
  echo '  "*": {} } }'
} > samples/cameras.json

# 7. Verdicts on the samples.
for class in "${unseen[@]}"; do
  build/aaclip score --model models/demo --class "$class" --provider cpu --json - "samples/${class// /_}"
done | awk '{ good = /"name":"[^"]*\/good-/; normal = /"verdict":"normal"/; if (good == normal) right++ } END { print right " of " NR " samples judged correctly" }'
du -sh models/demo samples
