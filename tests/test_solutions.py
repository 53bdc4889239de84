"""A solution works with what it is given. A check calls the learner's function with schedules and times of its own, so
no solution, and no function that a hint writes down, may look at the lesson's own schedule, times or network."""

import ast
import builtins
import re
from pathlib import Path

import jupytext
import pytest
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks" / "py").glob("*.py"))


def of_names(tree, context):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def borrowed(function, parts, imported, on_the_way=()):
    """Values of the lesson, other than functions and classes, that a function looks at, itself or through others."""
    own = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)} | of_names(function, ast.Store)
    own |= {part.name for part in ast.walk(function) if isinstance(part, (ast.FunctionDef, ast.ClassDef))}
    values = set()
    for name in of_names(function, ast.Load) - own - imported - set(dir(builtins)) - set(on_the_way):
        helper = parts.get(f"solution_{name}", parts.get(name))  # a stub's place is taken by the solution
        values |= borrowed(helper, parts, imported, (*on_the_way, name)) if helper else {name}
    return values


def complaints(cells, hints):
    """Sentences on the solutions, and on functions called in the hints, that use what belongs to the lesson."""
    body = [node for cell in cells if cell.cell_type == "code" for node in ast.parse(cell.source).body]
    parts = {node.name: node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    imported = {a.asname or a.name for n in body if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
    answers = [name for name in parts if name.lower().startswith("solution")]
    given = {a.arg for name in answers for a in ast.walk(parts[name]) if isinstance(a, ast.arg)}
    called = {name for name in parts if re.search(rf"\b{name}\(", hints)} - given
    for name in (*answers, *sorted(called)):
        values = borrowed(parts[name], parts, imported)
        if values:
            yield f"{name} looks at the lesson's own {', '.join(sorted(values))}"


def strings_of(source):
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return "\n".join(value for value in constants if isinstance(value, str))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_solutions_use_only_what_they_are_given(lesson):
    check = ROOT / "notebooks" / "checks" / f"lesson_{lesson.stem.split('_')[0]}.py"
    hints = strings_of(check.read_text(encoding="utf-8")) if check.is_file() else ""
    assert not list(complaints(jupytext.read(lesson).cells, hints))


CLEAN = """
import torch
ab_t = 1
def x0(x, t, ab_t):
    return ab_t[t] * x
def solution_step(x, t, ab_t):
    return x0(x, t, ab_t)
"""


@pytest.mark.parametrize(
    "change, hints, complaint",
    [
        (("x0(x, t, ab_t):", "x0(x, t):"), "", "solution_step looks at the lesson's own ab_t"),
        (("return x0(x, t, ab_t)", "return x * T"), "", "solution_step looks at the lesson's own T"),
        (("def x0(x, t, ab_t):", "def x0(x, t):"), "write x0(x, t)", "x0 looks at the lesson's own ab_t"),
        (("", ""), "write x0(x, t, ab_t)", None),
    ],
)
def test_a_borrowed_value_is_found(change, hints, complaint):
    found = list(complaints([new_code_cell(CLEAN.replace(*change))], hints))
    assert found == [] if complaint is None else complaint in found
