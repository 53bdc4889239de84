"""Run the numeric tests under every instruction set that torch and oneDNN can be told to use, with 1 and 2 threads.

    python tests/instruction_sets.py                all combinations (24 on a processor with AVX-512): an hour or two
    python tests/instruction_sets.py --extremes     the two ends: the oldest instructions, and no limits with 2 threads;
                                                    without the tests of lessons, which take long
    python tests/instruction_sets.py -k unet -x     further arguments go to pytest

Prints a line for each combination, then what failed in it, and ends with an error if anything failed. So a processor
is tried that is not at hand: torch picks its kernels by ATEN_CPU_CAPABILITY, oneDNN its convolutions by
ONEDNN_MAX_CPU_ISA, and MKL its matrix products by MKL_CBWR, which follows oneDNN's limit here.
"""

import itertools
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent
# where networks, samplers, schedules and scores are computed
NUMERIC = ["network", "sampling", "schedule", "score", "training", "context", "files", "pictures"]
LESSONS = ["checks", "lesson_[01][0-9]*"]  # they take most of the time, and compute with what the others test
SLOW = ["test_lesson_10b.py::test_two_processes", "test_lesson_10b.py::test_the_program"]  # and they compare no numbers
CAPABILITIES = ["default", "avx2", "avx512"]
LIMITS = {"SSE41": "COMPATIBLE", "AVX2": "AVX2", "AVX512_CORE": "AVX512", "no limit": None}  # of oneDNN; MKL's name


def capabilities():
    """Those that this processor has: asked for more, torch would crash."""
    ask = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    environment = {k: v for k, v in os.environ.items() if k != "ATEN_CPU_CAPABILITY"}
    best = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment)
    best = best.stdout.strip().lower()
    return CAPABILITIES[: CAPABILITIES.index(best) + 1] if best in CAPABILITIES else [None]


def run(capability, limit, threads, names, arguments):
    """The numeric tests of these names in a process of their own; returns whether they passed."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "ATEN_CPU_CAPABILITY": capability,
                                "ONEDNN_MAX_CPU_ISA": None if LIMITS[limit] is None else limit,
                                "MKL_CBWR": LIMITS[limit]}  # fmt: skip
    tests = [file for name in names for file in sorted(TESTS.glob(f"test_{name}.py"))]
    tests += [f"--deselect=tests/{name}" for name in SLOW]
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pytest", *tests, *arguments], cwd=TESTS.parent, text=True,
                          capture_output=True, env={k: v for k, v in environment.items() if v is not None})  # fmt: skip
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    counts = re.findall(r"\d+ (?:passed|failed|errors?|skipped)", "\n".join(lines[-1:])) or ["all passed"]
    said = ", ".join(counts) if done.returncode in (0, 1) else f"pytest ended with {done.returncode}"
    print(f"torch {capability or 'as it is':8}  oneDNN {limit:11}  {threads} thread{'s' * (threads > 1):1}  "
          f"{said}  ({time.monotonic() - begin:.0f} s)", *failed, sep="\n    ", flush=True)  # fmt: skip
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:], done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--extremes"]
    every = list(itertools.product(capabilities(), LIMITS, (1, 2)))
    names = NUMERIC + LESSONS
    if "--extremes" in sys.argv:
        every, names = [every[0], every[-1]], NUMERIC
    sys.exit(not all([run(*combination, names, arguments) for combination in every]))
