#!/usr/bin/env bash
# Evaluates the demonstration model on photos of real parts: unchanged, and after a few-shot adaptation to photos of good parts, onto which
# defects are painted. Takes data sets in MVTec's layout, each with train/good and a class word in meta.json. Test images are only used to
# measure. Usage: build/demo-real.sh DATA SETS... (after build/demo.sh, whose work folder it uses; WORK=... names another)
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-scratch/demo}
towers=(--vision-heads 4 --text-heads 3 --size 256)
for set in "$@"; do
  name=$(basename "$set")
  class=$(sed -nE 's/.*"class_word": *"([^"]+)".*/\1/p' "$set/meta.json")
  out=$work/real/$name
  mkdir -p "$out/adapters"

  # 1. Unchanged, in both precisions.
  for precision in fp32 int8; do
    echo "== $name, as it is, 128 px, $precision"
    build/aaclip evaluate --model "$work/package-$precision" --data "$set" --provider cpu --report "$out/report-zero-$precision"
  done

  # 2. Adapted: the text adapters stay, the image adapters learn from painted defects.
  [ -d "$out/painted" ] || build/aaclip generate --photos "$set/train/good" --class "$class" --images 320 --size 256 --out "$out/painted"
  [ -f "$out/adapters/text_adapter.pth" ] || cp "$work/adapters/text_adapter.pth" "$out/adapters/"
  resume=(); [ ! -f "$out/adapters/training.json" ] || resume=(--resume)
  build/aaclip train --clip "$work/clip/clip.safetensors" "${towers[@]}" --preset custom --provider cpu --stage image --data "$out/painted" \
    --no-augmentation --image-epochs 5 --image-batch 4 --image-rate 1e-3 --halvings 200 280 340 380 --out "$out/adapters" "${resume[@]}"
  for precision in fp32 int8; do
    [ -d "$out/package-$precision" ] || build/aaclip import --clip "$work/clip/clip.safetensors" "${towers[@]}" --adapters "$out/adapters" --precision $precision --name "demo-$name" --out "$out/package-$precision"
    echo "== $name, adapted, 256 px, $precision"
    build/aaclip evaluate --model "$out/package-$precision" --data "$set" --provider cpu --report "$out/report-$precision"
  done
done
