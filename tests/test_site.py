"""The static site and the building of notebooks."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from plumbing import make_site
from plumbing.build import tidy


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    make_site.make(folder)
    return folder


def test_every_lesson_has_a_page_and_every_link_leads_somewhere(site):
    names = {p.stem for p in (make_site.ROOT / "notebooks").glob("*.ipynb")}
    assert {p.stem for p in site.glob("*.html")} == names | {"index", "weights", "experiments", "benchmark"}
    assert make_site.broken_links(site) == []


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'(src|<link[^>]* href)="(https?:)?//', text), page.name


def test_films_stay_films_and_have_their_words(site):
    images = re.findall(r"<img [^>]*>", (site / "02_sampling.html").read_text(encoding="utf-8"))
    films = [image for image in images if "data:image/png" in image]
    assert len(films) >= 10
    assert all(re.search(r'alt="[^"]{10,}', image) and 'class="film"' in image for image in films)


def test_formulas_become_mathml_but_not_in_code():
    text = make_site.to_html("The $x_t$ of `a $b$ c` and\n\n$$x = \\sqrt{y}$$\n")
    assert text.count("<math") == 2 and "msqrt" in text
    assert "a $b$ c" in text


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">b</a><a href="#x">x</a><h1 id="y">y</h1><a href="#y">y</a>')
    assert make_site.broken_links(tmp_path) == ["a.html: b.html", "a.html: #x"]


def test_a_solution_is_folded():
    cell = new_code_cell("answer = 42", metadata={"tags": ["solution"]})
    assert make_site.cell_html(cell).startswith("<details><summary>Solution</summary>")
    assert "<details>" not in make_site.cell_html(new_code_cell("answer = 42"))
    setup = new_code_cell("import sys", metadata={"tags": ["setup"]})
    assert make_site.cell_html(setup).startswith("<details><summary>Set-up</summary>")


def test_tidy_keeps_the_picture_of_a_widget_and_of_a_film():
    widget = {"image/png": "AA==", "text/plain": "words", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    outputs = [new_output("execute_result", widget, execution_count=1),
               new_output("display_data", {"image/png": "AA==", "text/html": "<img>"}),
               new_output("display_data", {"text/html": "<b>a table</b>"})]  # fmt: skip
    notebook = new_notebook(cells=[new_markdown_cell("x"), new_code_cell("y", outputs=outputs)])
    notebook.metadata["widgets"] = {"state": {}}
    kinds = [set(o.data) for o in tidy(notebook).cells[1].outputs]
    assert kinds == [{"image/png", "text/plain"}, {"image/png"}, {"text/html"}]
    assert "widgets" not in notebook.metadata
    nbformat.validate(notebook)
