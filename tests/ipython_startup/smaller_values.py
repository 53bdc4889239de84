"""Runs in the kernels of the notebook tests: after a cell that sets a named value, the test's value takes its place.

So a lesson can train for two minutes while its test trains for seconds, with no trace of it in the lesson.
"""

import json
import os

_ip = get_ipython()  # noqa: F821
_values = json.loads(os.environ.get("COURSE_TEST_VALUES", "{}"))


def _smaller(result):
    for name, value in _values.items():
        if name in _ip.user_ns and f"{name} =" in (result.info.raw_cell or ""):
            _ip.user_ns[name] = value


_ip.events.register("post_run_cell", _smaller)
