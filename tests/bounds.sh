#!/usr/bin/env bash
# Do the bounds of requirements.txt hold? Install every direct requirement at one end of them, and try the course:
#
#     tests/bounds.sh lowest-direct      # each at its lower bound
#     tests/bounds.sh highest            # each, and all that they need, at the newest there is
#
# in a new environment, which is removed at the end: ruff, the tests that are quick, one notebook, the site. Needs uv
# (pip install uv), 10 GB of disk for a torch with its CUDA packages, and half an hour or more on two cores. CI does not
# run it: run it when a bound in requirements.txt changes, or when a new torch, NumPy, diffusers or nbconvert is out.
set -euo pipefail
resolution=${1:?say which end: lowest-direct or highest}
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
uv venv --quiet --python "${PYTHON:-3.11}" "$place/env"
uv pip install --quiet --python "$place/env/bin/python" --resolution "$resolution" -r requirements.txt
bin="$place/env/bin"
uv pip freeze --python "$bin/python" | grep -iE "^($(sed -n 's/[<>=].*//p' requirements.txt | paste -sd '|'))=="
export OMP_NUM_THREADS=1
"$bin/ruff" check .
"$bin/ruff" format --check .
# without a browser, the lessons' long trainings, several processes, and the 90 seconds in which all sprites are drawn
"$bin/python" -m pytest tests --ignore-glob='tests/test_browser*' --ignore=tests/test_filled_in.py \
    -k "not processes and not bit_by_bit"
"$bin/python" -m pytest notebooks/12_bug_museum.ipynb
"$bin/python" notebooks/plumbing/make_site.py "$place/site"
echo "the $resolution end of the bounds works"
