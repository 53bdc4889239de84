"""The static site and the building of notebooks."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
import yaml
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
        assert about["og:image"] == "https://name.example/course/preview.png" and len(about["og:image:alt"]) > 20
        assert about["og:url"] == f"https://name.example/course/{page.name}"
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
    pictures = [image for image in images if 'src="media/' in image]
    assert all(re.search(r'alt="[^"]{10,}', image) for image in pictures)
    # the others stand in explorables, which have players of their own
    assert sum('class="film"' in image for image in pictures) >= 10


def test_the_text_of_a_page_is_there_before_its_pictures(site):
    """They are files, of which all but the first are fetched when they come near, and their place is kept free."""
    for page in site.glob("[0-9]*.html"):
        text = page.read_text(encoding="utf-8")
        assert len(text) < 400_000 and "base64," not in text, page.name
        pictures = re.findall(r'<img [^>]*src="media/[^>]*>', text)
        assert len(pictures) >= 5
        for k, picture in enumerate(pictures):
            name, width, height = re.search(r'src="(media/\w+\.png)" width="(\d+)" height="(\d+)"', picture).groups()
            with Image.open(site / name) as image:
                assert image.size == (int(width), int(height))
            assert ('loading="lazy"' in picture) == (k > 0)


def test_what_a_cell_prints_in_several_goes_is_one_text():
    streams = [new_output("stream", text=text) for text in ("step 1\n", "step 2\n")]
    page = make_site.cell_html(new_code_cell("x", outputs=[*streams, new_output("display_data", {"text/html": "<b>"})]))
    assert page.count('class="output"') == 2 and "<pre>step 1\nstep 2</pre>" in page


def test_a_long_formula_within_a_line_can_be_scrolled():
    assert make_site.to_html("$x$").count("long") == 0
    assert '<span class="long"><math' in make_site.to_html("$" + "x + " * 20 + "x$")


WORKFLOW = make_site.ROOT / ".github" / "workflows" / "site.yml"


def test_the_workflow_builds_with_what_the_makefile_knows():
    """It is not run here; its file is read as GitHub reads it, and its only command is that of the README."""
    flow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert flow[True] == "workflow_dispatch"  # YAML reads `on` as True
    assert flow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    (job,) = flow["jobs"].values()
    steps = job["steps"]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert [u.split("@")[0].removeprefix("actions/") for u in uses] == [
        "checkout", "setup-python", "setup-node", "configure-pages", "upload-pages-artifact", "deploy-pages"
    ]  # fmt: skip
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", u) for u in uses)
    (run,) = [step["run"] for step in steps if "run" in step]
    pages = next(step for step in steps if step.get("uses", "").startswith("actions/configure-pages"))
    assert run == f'make site SITE_FLAGS="--address ${{{{ steps.{pages["id"]}.outputs.base_url }}}}"'
    upload = next(step for step in steps if step.get("uses", "").startswith("actions/upload-pages"))
    assert upload["with"] == {"path": "site"}
    dry = subprocess.run(["make", "-n", "site", "SITE_FLAGS=--address https://name.example/course"], text=True,
                         capture_output=True, cwd=make_site.ROOT, check=True).stdout  # fmt: skip
    assert "make_site.py --address https://name.example/course\n" in dry and "npm ci" in dry
    python = next(step for step in steps if step.get("uses", "").startswith("actions/setup-python"))
    assert python["with"]["python-version"] == "3.11"  # the oldest that the Makefile takes


def test_formulas_become_mathml_but_not_in_code():
    text = make_site.to_html("The $x_t$ of `a $b$ c` and\n\n$$x = \\sqrt{y}$$\n")
    assert text.count("<math") == 2 and "msqrt" in text
    assert "a $b$ c" in text


def test_a_formula_may_begin_a_new_line_and_none_is_left_as_it_was_written(site):
    assert make_site.to_html("So $i =\n\\mathrm{round}(t) - 1$.").count("<math") == 1
    for page in site.glob("[0-9]*.html"):
        text = re.sub(r"<(pre|code|math|script)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.S)
        raw = re.findall(r"\$[^$<]{0,200}|\\(?:bar|sqrt|mathrm|frac)\b", text.split("<main")[1])
        assert raw == [], page.name


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
