"""excerpt.py: what a cell needs from the cells above it."""

import ast

import nbformat
import pytest
from excerpt import excerpt, flow


@pytest.mark.parametrize("source, bound, changed, needed", [
    ("import a.b, c as d\nfrom e import f", {"a", "d", "f"}, set(), set()),
    ("x = y\nz = x", {"x", "z"}, set(), {"y"}),
    ("x = x + 1", {"x"}, set(), {"x"}),
    ("x += 1", set(), {"x"}, {"x"}),
    ("x.a[0] = y", set(), {"x"}, {"x", "y"}),
    ("a, (b, *c) = d", {"a", "b", "c"}, set(), {"d"}),
    ("def f(x, y=k):\n    z = x\n    return z + y + g\nf(1)", {"f"}, set(), {"g", "k"}),
    ("class A(B):\n    def f(self):\n        return A, other", {"A"}, set(), {"B", "other"}),
    ("for i, x in enumerate(xs):\n    total = i + x + first", {"i", "x", "total"}, set(), {"enumerate", "xs", "first"}),
    ("with torch.no_grad() as n:\n    y = [i * k for i in n]", {"n", "y"}, set(), {"torch", "k"}),
    ("if a:\n    b = c", set(), {"b"}, {"a", "c"}),  # perhaps b is still the one from above
    ("f = lambda x: x + y", {"f"}, set(), {"y"}),
])  # fmt: skip
def test_what_a_cell_binds_changes_and_needs(source, bound, changed, needed):
    assert flow(ast.parse(source).body, set(), set(), set()) == (bound, changed, needed)


def test_an_excerpt_has_what_the_wanted_cell_needs_and_no_more():
    sources = ["import sys", "import du", "x = 1", "model = du.load()", "x = 2\nunused = 3", "print(model)",
               "model.scale = x", "def draw(n):\n    return model(n)", "x = 4", "widgets.try_it(draw)",
               "draw = None"]  # fmt: skip
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["setup"]
    made = excerpt(nbformat.v4.new_notebook(cells=cells), r"widgets\.try_it\(")
    assert [c.source for c in made.cells] == [sources[i] for i in (0, 1, 3, 4, 6, 7, 9)]
    nbformat.validate(made)


def test_what_a_function_uses_may_be_bound_below_it():
    sources = ["def draw(n):\n    return data[n]", "x = 1", "data = [1]", "widgets.try_it(draw)"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = excerpt(nbformat.v4.new_notebook(cells=cells), r"widgets\.try_it\(")
    assert [c.source for c in made.cells] == [sources[i] for i in (0, 2, 3)]
