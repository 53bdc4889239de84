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
# twice more from there: what comes last are the small parts, which the longest captions name
"$python" "$here/train_prompts.py" --start "$here/runs/prompts/model.pth" --steps 8700 --longest 0.5 --seed 1 \
    --out "$here/runs/prompts_longer"
"$python" "$here/train_prompts.py" --start "$here/runs/prompts_longer/model.pth" --steps 3800 --lr 1e-3 --longest 0.7 \
    --seed 2 --out "$here/runs/prompts_longest"
cp "$here/runs/prompts_longest/model.pth" "$here/prompts.pth"
"$python" "$here/train_few_steps.py" --steps 16000 --out "$here/runs/few_steps"
"$python" "$here/train_few_steps.py" --steps 3200 --start "$here/runs/few_steps/model.pth" --norm pixel --lr 2e-4 \
    --half-life 300 --out "$here/runs/polished"
cp "$here/runs/polished/model.pth" "$here/few_steps.pth"
# The sprite course's network, with short epochs: 12,000 sprites with context, 2,400 without.
"$python" "$here/train.py" --network context_unet --batch 32 --epochs 32 --per-epoch 12000 --save-epochs 0 4 8 31 \
    --out "$here/runs/context_model"
"$python" "$here/train.py" --network context_unet --no-context --epochs 32 --per-epoch 2400 --save-epochs 0 4 8 31 \
    --out "$here/runs/model"
for epoch in 0 4 8 31; do
    cp "$here/runs/context_model/model_$epoch.pth" "$here/context_model_$epoch.pth"
    cp "$here/runs/model/model_$epoch.pth" "$here/model_$epoch.pth"
done
"$python" "$here/score.py"
