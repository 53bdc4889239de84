#!/bin/sh
# Make every file of weights/ again, on the CPU or a GPU: sh weights/train_all.sh [PYTHON]
set -e
python=${1:-python3}
here=$(dirname "$0")
"$python" "$here/train_classifier.py"
[ -f "$here/../data/captions.jsonl.gz" ] || "$python" "$here/../data/make_captions.py"
"$python" "$here/train_judge.py"
"$python" "$here/train.py" --steps 9000 --out "$here/runs/unet"
cp "$here/runs/unet/model.pth" "$here/unet.pth"
"$python" "$here/train_prompts.py" --steps 9700 --out "$here/runs/prompts"
cp "$here/runs/prompts/model.pth" "$here/prompts.pth"
"$python" "$here/train_few_steps.py" --steps 16000 --out "$here/runs/few_steps"
"$python" "$here/train_few_steps.py" --steps 3200 --start "$here/runs/few_steps/model.pth" --norm pixel --lr 2e-4 \
    --half-life 300 --out "$here/runs/polished"
cp "$here/runs/polished/model.pth" "$here/few_steps.pth"
# The sprite course's network and recipe, with short epochs: 3,600 sprites with context, 2,400 without.
for prefix in context_ ""; do
    length="--per-epoch 3600"
    [ -n "$prefix" ] || length="--per-epoch 2400 --no-context"
    "$python" "$here/train.py" --network context_unet $length --epochs 32 --save-epochs 0 4 8 31 \
        --out "$here/runs/${prefix}model"
    for epoch in 0 4 8 31; do cp "$here/runs/${prefix}model/model_$epoch.pth" "$here/${prefix}model_$epoch.pth"; done
done
"$python" "$here/score.py"
