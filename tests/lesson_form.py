"""The form of a lesson in which the learner writes the course, as sentences on what is amiss: complaints(notebook).

python tests/lesson_form.py notebooks/01_intuition.ipynb    prints them
"""

import base64
import json
import re
import statistics
import struct
import sys
from pathlib import Path

PARTS = ["**You will be able to**", "**You need**", "**Time:**", "## 1. ", "## Try it", "## Open problem",
         "## What you saw", "## Quiz", "## Where you meet this outside", "## Going further"]  # fmt: skip
CHOICE = re.compile(r'<details name="([\w-]+)"><summary>([^<]+)</summary>\n\n(.+?)\n\n</details>', re.S)
DIFFICULTY = re.compile(r"^\*Difficulty [123] of 3, \d+ minutes\.\*$", re.M)


def number_of(name):
    """A lesson's number as its title says it: "01_intuition" is 1, "08b_learned_variance" is 8b."""
    return name.split("_")[0].lstrip("0")


def text_of(cell):
    return "".join(cell["source"])


def tagged(cell, tag):
    return tag in cell["metadata"].get("tags", [])


def hidden(cell):
    return cell["metadata"].get("jupyter", {}).get("source_hidden", False)


def code_lines(source):
    return [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]


def png_widths(cell):
    """The widths in pixels of a cell's pictures."""
    pictures = ["".join(o["data"]["image/png"]) for o in cell["outputs"] if "image/png" in o.get("data", {})]
    return [struct.unpack(">I", base64.b64decode(picture[:40])[16:20])[0] for picture in pictures]


def said(cell):
    """The texts that a cell's outputs show."""
    return "".join("".join(text) for o in cell["outputs"] for kind, text in o.get("data", {}).items() if "text" in kind)


def skeleton(cells, number, following):
    """The parts, their order, the quiz and the last line. `following` is the next lesson's name, if there is one."""
    text = "\n\n".join(text_of(c) for c in cells if c["cell_type"] == "markdown")
    if not re.match(rf"# {number}\. \S", text_of(cells[0])) or cells[0]["cell_type"] != "markdown":
        yield f"it does not begin with a title '# {number}. ...'"
    places = [text.find(part) for part in PARTS]
    if -1 in places:
        yield f"{PARTS[places.index(-1)]!r} is missing"
    elif places != sorted(places):
        yield f"its parts do not stand in the order {PARTS}"
    elif len(re.findall("<details>.+?</details>", text[places[-3] : places[-2]], re.S)) != 4:
        yield "the quiz has not four questions with folded answers"
    end = f"Next: [{following}]({following}.ipynb)"
    if following and text.strip().splitlines()[-1] != end:
        yield f"its last line is not {end!r}"
    if re.search(r"\blessons? 0\d", text, re.I):
        yield "it says 'lesson 02' where it should say 'lesson 2'"
    code = "\n".join(text_of(c) for c in cells if c["cell_type"] == "code")
    if "ab_t[" in code + text and not re.search(r"\$[^$]*\\bar\\alpha[^$]*\$", text):
        yield "it uses ab_t[t], and no formula in LaTeX has \\bar\\alpha"


def expectations(cells):
    """Each *What do you expect?* has two to four choices that exclude one another, each with its answer."""
    names = []
    for text in (text_of(c) for c in cells if c["cell_type"] == "markdown" and "What do you expect?" in text_of(c)):
        begin = " ".join(text.split()[:12])
        choices = CHOICE.findall(text)
        if not 2 <= len(choices) <= 4 or len(choices) != text.count("<details"):
            yield f"{begin!r} has {len(choices)} well-formed choices of {text.count('<details')}; 2 to 4 are wanted"
        if len({name for name, _, _ in choices}) > 1:
            yield f"the choices of {begin!r} do not exclude one another: their details need one name"
        if any(len(answer.split()) < 5 for _, _, answer in choices):
            yield f"a choice of {begin!r} does not say what happens"
        names += {name for name, _, _ in choices}
    if len(names) != len(set(names)):
        yield "two expectations share a name: a click in one would close the other"
    if not names:
        yield "nothing is expected: there is no *What do you expect?*"


def turns(cells, number):
    """Each "your turn": its text, a stub that the check calls unfinished, and the folded solution handed to `keep`."""
    stubs = [i for i, c in enumerate(cells) if tagged(c, "exercise")]
    if len(stubs) < 4:
        yield f"{len(stubs)} times it is your turn; at least 4 are wanted"
    for k, i in enumerate(stubs, 1):
        before, stub, solution = text_of(cells[i - 1]), cells[i], cells[i + 1]
        where, source = f"your turn {number}.{k}", text_of(stub)
        if f"### Your turn {number}.{k}: " not in before or not DIFFICULTY.search(before):
            yield f"{where}: above it stands no '### Your turn {number}.{k}: ...' and '*Difficulty 1 of 3, 5 minutes.*'"
        names = re.findall(r"^(\w+) = checks\.keep\(\1, (\w+)\)$", text_of(solution), re.M)
        if not tagged(solution, "solution") or not hidden(solution) or not names:
            yield f"{where}: no folded solution with `name = checks.keep(name, solution_name)` right below"
        for name, course in names:
            if course not in (f"solution_{name}", f"Solution{name}"):
                yield f"{where}: the solution's name is {course}, not solution_{name} or Solution{name}"
            if not re.search(rf"^(def|class) {name}\b", source, re.M) or "return ..." not in source:
                yield f"{where}: the stub does not define {name} with `return ...`"
            if f"uses the course's {name}." not in said(solution):
                yield f"{where}: as it stands, the lesson does not say that it uses the course's {name}"
        if not re.search(r"checks\.check_\w+\(.*\)\s*$", source):
            yield f"{where}: the stub's cell does not end with its check"
        if "not yet.</b>" not in said(stub):
            yield f"{where}: the check of the stub as it stands does not say 'not yet'"


def code(cells):
    """Cells of code: their number, length and width; the first picture; no chart-building; no picture too wide."""
    every = [c for c in cells if c["cell_type"] == "code" and text_of(c).strip()]
    if not every or not tagged(every[0], "setup") or not hidden(every[0]):
        yield "its first code cell is not the set-up cell, tagged and folded"
    practice = {"setup", "exercise", "solution"}
    lines = [len(code_lines(text_of(c))) for c in every if not practice & set(c["metadata"].get("tags", []))]
    if not 15 <= len(lines) <= 35:
        yield f"{len(lines)} code cells beside stubs and solutions; 15 to 35 are wanted"
    elif statistics.median(lines) > 8:
        yield f"the median code cell has {statistics.median(lines)} lines; at most 8 are wanted"
    for cell in every:
        source = text_of(cell)
        begin = source.splitlines()[0]
        if len(code_lines(source)) > 25:
            yield f"{begin!r}: {len(code_lines(source))} lines; at most 25 are wanted"
        if max(map(len, source.splitlines())) > 96:
            yield f"{begin!r}: a line of {max(map(len, source.splitlines()))} columns; at most 96 are wanted"
        if re.search(r"\bplt\b|matplotlib", source):
            yield f"{begin!r}: it builds a chart by hand; charts.py does"
        if "# noqa" in source:
            yield f"{begin!r}: a comment is for the learner, not for a linter"
        if max(png_widths(cell), default=0) > 900:
            yield f"{begin!r}: a picture {max(png_widths(cell))} pixels wide; about 800 fit the page"
    seen = 0
    for cell in every:
        seen += 0 if hidden(cell) else len(code_lines(text_of(cell)))
        if png_widths(cell):
            break
    if seen > 10:
        yield f"the first picture comes after {seen} visible lines of code; at most 10 are wanted"


def complaints(notebook, name, following=None):
    """All that is amiss with a lesson of this name, e.g. "01_intuition"; `following` is the next lesson's name."""
    cells, number = notebook["cells"], number_of(name)
    return [*skeleton(cells, number, following), *expectations(cells), *turns(cells, number), *code(cells)]


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        names = [*sorted(p.stem for p in file.parent.glob("[0-9][0-9]*_*.ipynb")), None]
        lesson = json.loads(file.read_text(encoding="utf-8"))
        found = complaints(lesson, file.stem, names[names.index(file.stem) + 1])
        print("\n".join(found) or f"{file.stem}: all is well")
