"""The static site and the building of notebooks."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from plumbing import make_site
from plumbing.build import tidy


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """As `make site` writes it: the program, in a process of its own."""
    folder = tmp_path_factory.mktemp("site") / "site"
    program = make_site.ROOT / "notebooks" / "plumbing" / "make_site.py"
    subprocess.run([sys.executable, program, folder, "--still", "--address", "https://name.example/course"], check=True,
                   cwd=folder.parent)  # fmt: skip
    return folder


def test_every_lesson_has_a_page_and_every_link_leads_somewhere(site):
    names = {p.stem for p in (make_site.ROOT / "notebooks").glob("*.ipynb")}
    assert {p.stem for p in site.glob("*.html")} == names | {"index", *make_site.TEXTS}
    assert make_site.broken_links(site) == []


def test_the_first_page_shows_every_lesson_with_a_picture_and_a_sentence(site):
    page = (site / "index.html").read_text(encoding="utf-8")
    page = page.split('<ul class="cards">')[1].split("</ul>")[0]
    cards = re.findall(r'<li><a href="(\w+)\.html">(.*?)</a></li>', page, re.S)
    assert [stem for stem, _ in cards] == sorted(p.stem for p in (make_site.ROOT / "notebooks").glob("*.ipynb"))
    for stem, card in cards:
        assert f'src="pictures/{stem}.png"' in card, f"{stem} has no picture: see make_pictures.py"
        assert re.search(r'class="about">[A-Z][^<|]{20,}</span>', card), f"README.md says nothing of {stem}"


def test_a_link_that_is_sent_has_a_title_words_and_a_picture(site):
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        about = dict(re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)"', text))
        assert re.search("<title>[^<]{10,}</title>", text) and about["og:title"] and len(about["description"]) > 30
        assert about["og:image"] == "https://name.example/course/preview.png"
    with Image.open(site / "preview.png") as picture:
        assert picture.width >= 1200 and 1.8 < picture.width / picture.height < 2.1  # as previews are cut


def test_no_page_may_run_what_is_not_a_file_of_the_site(site):
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        assert "default-src 'none'" in policy and "script-src 'self' 'wasm-unsafe-eval';" in policy
        assert "'unsafe-eval'" not in policy
        inline = re.findall(r"<script(?![^>]* src=)[^>]*>|<[^>]* on(?:click|load|error)=", text)
        assert not inline, f"{page.name}: its policy forbids {inline[0]}"


def test_each_lesson_leads_to_the_next_and_lists_its_sections(site):
    lessons = sorted(p.stem for p in (make_site.ROOT / "notebooks").glob("*.ipynb"))
    for before, stem, after in zip(["index", *lessons], lessons, [*lessons[1:], None]):
        text = (site / f"{stem}.html").read_text(encoding="utf-8")
        links = dict(re.findall(r'<a class="(previous|next)" rel="\w+" href="(\w+)\.html">', text))
        assert links == {"previous": before} | ({"next": after} if after else {})
        headings = re.findall(r'<h2 id="([^"]+)"', text.split('<nav id="contents"')[0])
        listed = re.findall(r'<li><a href="#([^"]+)">', text.split('<nav id="contents"')[1])
        assert listed == headings and len(headings) >= 4
        assert f"<code>{stem}.ipynb</code>" in text  # how to run it


def test_the_search_finds_every_section(site):
    text = (site / "search-index.js").read_text(encoding="utf-8")
    entries = json.loads(text.removeprefix("window.searchIndex = ").strip().removesuffix(";"))
    assert {page for page, *_ in entries} == {p.name for p in site.glob("*.html")} - {"index.html"}
    assert not any(re.search(r"<(?!\d)[a-z/]+>|¶", section) for *_, section, _ in entries)
    found = {page for page, _, _, _, words in entries if "guidance" in words.lower()}
    assert "05_context_control.html" in found and len(text) < 1_500_000


@pytest.mark.parametrize("stem", make_site.LIVE)
def test_every_live_widget_finds_its_place_in_the_lesson(stem):
    """Whoever renames a widget's function in a lesson renames it in make_site.LIVE, too."""
    cells = nbformat.read(make_site.ROOT / "notebooks" / f"{stem}.ipynb", 4).cells
    pages = [make_site.cell_html(cell, make_site.LIVE[stem]) for cell in cells if cell.cell_type == "code"]
    places = re.findall(r'<div class="live" data-widget="(\w+)"[^>]*><img class="film" alt="[^"]', "".join(pages))
    assert sorted(places) == sorted(make_site.LIVE[stem].values())


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'(src|<link[^>]* href)="(https?:)?//', text), page.name


def test_films_stay_films_and_have_their_words(site):
    images = re.findall(r"<img [^>]*>", (site / "02_sampling.html").read_text(encoding="utf-8"))
    pictures = [image for image in images if "data:image/png" in image]
    assert all(re.search(r'alt="[^"]{10,}', image) for image in pictures)
    # the others stand in explorables, which have players of their own
    assert sum('class="film"' in image for image in pictures) >= 10


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


def test_links_to_the_second_half_of_a_lesson_lead_to_its_page():
    text = "[a](08b_learned_variance.ipynb) [b](../notebooks/10b_the_library.ipynb) [c](other_file.ipynb)"
    linked = "[a](08b_learned_variance.html) [b](10b_the_library.html) [c](other_file.ipynb)"
    assert make_site.site_links(text) == linked
