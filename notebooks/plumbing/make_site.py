"""Write the executed lessons as a static site: python notebooks/plumbing/make_site.py [FOLDER] [--address URL]

FOLDER is site/ if not said. The pages read without a server, a kernel or a network: formulas are MathML, and the films
play. Served by any static host (`make serve`), every film has its player, and the networks draw in the browser, if
onnxruntime-web is installed (`make site` asks npm for it). --address says where the site will be, for the picture in
link previews. It ends with a check of every link; one that leads nowhere is an error.
"""

import argparse
import base64
import hashlib
import html
import json
import re
import shutil
import struct
import sys
from html.parser import HTMLParser
from pathlib import Path
from string import Template
from urllib.parse import unquote, urlsplit

import nbformat
import torch
from latex2mathml.converter import convert as mathml
from nbconvert.filters import markdown2html_mistune
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "notebooks")]
import diffusion_utilities as du  # noqa: E402
from explore import SCRIPT, figure_html  # noqa: E402
from plumbing import site_networks  # noqa: E402
from plumbing.picture import PLAYER  # noqa: E402

FILES = Path(__file__).parent / "site"
MATH_FONT = FILES / "node_modules/@fontsource/noto-sans-math/files/noto-sans-math-latin-400-normal.woff2"
FILM = Path(__file__).parents[1] / "pictures" / "film.png"
PAGE, INDEX = (Template((FILES / name).read_text(encoding="utf-8")) for name in ("page.html", "index.html"))
TEXTS = {  # the pages that are no lessons
    "about": "README.md", "weights": "weights/README.md", "experiments": "weights/EXPERIMENTS.md",
    "benchmark": "tests/BENCHMARK.md",
}  # fmt: skip
SHORT = {"about": "About the course", "weights": "The networks", "experiments": "Experiments", "benchmark": "How fast"}
# Where a live widget stands: in the place of the picture that a cell of this lesson shows, if the cell says so.
LIVE = {
    "02_sampling": {r"widgets\.try_it\(player\b": "player"},
    "05_context_control": {r"widgets\.try_it\(studio\b": "studio", r"\bmixtures\(0, 2, 8\)": "between"},
    "06_ddim_speedup": {r"widgets\.try_it\(attempt\b": "attempt", r"\bat_20 = ": "race"},
    "11_flow_matching_and_few_steps": {r"widgets\.try_it\(compete\b": "compete"},
    "13_prompts": {r"widgets\.try_it\(typed\b": "typed"},
    "14_editing": {r"\beditor\.studio\(": "editing"},
}
# No page may run or fetch what is not a file of the site; WebAssembly may be compiled, strings may not.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
BESIDE = {"between", "race"}  # these do not replace the picture: they stand below it
RUN = (
    '<p class="run">To run this lesson on your machine: <code>make lab</code> in the course\'s folder, then open '
    "<code>{}.ipynb</code>.</p>"
)
ABOUT = (
    "A course that runs: how diffusion models work, by building one that draws 16x16 sprites. It draws in this page."
)


def formulas(text):
    """Markdown with $...$ and $$...$$ outside of code turned into MathML."""
    pattern = re.compile(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|\$([^$\n]+(?:\n[^$\n]+)?)\$", re.S)

    def convert(match):
        code, display, inline = match.groups()
        if code or display:
            return code or mathml(display, display="block")
        formula = mathml(inline)
        return f'<span class="long">{formula}</span>' if len(inline) > 40 else formula  # a phone scrolls these

    return pattern.sub(convert, text)


def to_html(markdown):
    """Markdown as HTML; its blocks of code look like those of the cells."""
    text = markdown2html_mistune(formulas(markdown))
    text = re.sub(r"<pre><code.*?</code></pre>", r'<div class="highlight">\g<0></div>', text, flags=re.S)
    # a link that holds a picture without words stands beside one with words: once is enough for who listens
    return re.sub(r'<a (?=href="[^"]*"><img [^>]*alt=""[^>]*></a>)', '<a aria-hidden="true" tabindex="-1" ', text)


def output_html(output):
    """One output of a cell: its picture with the alternative text, its HTML, its Markdown or its text."""
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text.rstrip())}</pre>"
    data = output.data
    if "image/png" in data:
        about = output.metadata["image/png"]
        if "flat_world" in about:  # live again: build.py has kept the picture and the settings
            return figure_html(about["flat_world"], data["image/png"].strip())
        alt = html.escape(about["alt"], quote=True)
        return f'<img class="film" alt="{alt}" src="data:image/png;base64,{data["image/png"].strip()}">'
    if "text/html" in data:
        return data["text/html"]
    if "text/markdown" in data:
        return to_html(data["text/markdown"])
    return f"<pre>{html.escape(data['text/plain'])}</pre>"


def joined(outputs):
    """The outputs of a cell; what it printed in several goes, one after the other, is one text."""
    together = []
    for output in outputs:
        if together and output.output_type == together[-1].output_type == "stream":
            together[-1] = nbformat.v4.new_output("stream", text=together[-1].text + output.text)
        else:
            together.append(output)
    return together


def cell_html(cell, widgets=None):
    """A cell with its outputs; a solution is folded, and so is what only finds the course.

    widgets: {a pattern of the source: the name of the live widget that takes the place of the cell's picture}.
    """
    if cell.cell_type == "markdown":
        return to_html(cell.source)
    code = highlight(cell.source, PythonLexer(), HtmlFormatter())
    for tag, summary in {"solution": "Solution", "setup": "Set-up"}.items():
        if tag in cell.metadata.get("tags", []):
            code = f"<details><summary>{summary}</summary>{code}</details>"
    live = next((name for pattern, name in (widgets or {}).items() if re.search(pattern, cell.source)), None)
    outputs = [output_html(output) for output in joined(cell.outputs)]
    if live:
        outputs = [live_html(live, o) if o.startswith("<img") else o for o in outputs]
    return code + "".join(f'<div class="output">{o}</div>' for o in outputs)


def live_html(name, picture):
    """The place of a live widget (site/live.js), with the picture that stays where no network can run."""
    keep = " data-keep" if name in BESIDE else ""
    return f'<div class="live" data-widget="{name}"{keep}>{picture}</div>'


def site_links(text):
    """Links between the repository's files turned into links between the site's pages."""
    text = re.sub(r'(href="|\]\()(?:\.\./)?(?:notebooks/)?(\d\db?_\w+)\.ipynb', r"\1\2.html", text)
    for stem, file in TEXTS.items():
        text = re.sub(rf'(href="|\]\()(?:\.\./)?{re.escape(file)}', rf"\1{stem}.html", text)
    return re.sub(r'(src="|\]\()(?:\.\./)?notebooks/pictures/', r"\1pictures/", text)


def plain(text):
    """The words of a piece of HTML, without those of formulas and unseen marks."""
    text = re.sub(r"<math.*?</math>|<script.*?</script>|<a class=\"anchor-link\".*?</a>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))).strip()


def sections(body):
    """The parts of a page, each from a heading to the next: (anchor, heading, HTML); the first has the page's title."""
    parts = re.split(r'(?=<h[12][^>]* id=")', body)
    for part in parts if re.match("<h1", parts[0]) else parts[1:]:
        heading = re.match(r'<(h[12])[^>]* id="([^"]*)"[^>]*>(.*?)</\1>', part, re.S)
        yield heading[2], plain(heading[3]), part[heading.end() :]


def search_index(pages):
    """JavaScript: what site.js searches, [page, anchor, title, section, text] for each section of {stem: body}."""
    entries = []
    for stem, body in pages.items():
        (_, title, opening), *others = sections(body)
        entries.append([f"{stem}.html", "", title, "", plain(opening)])
        entries += [[f"{stem}.html", anchor, title, heading, plain(part)] for anchor, heading, part in others]
    return "window.searchIndex = " + json.dumps(entries, ensure_ascii=False) + ";\n"


def lesson_cards(titles):
    """The lessons with their pictures and what README.md says of each."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"\| \[[^]!]+\]\(notebooks/(\w+)\.ipynb\) \| (.*?) \|$", readme, re.M))
    cards = []
    for stem, title in titles.items():
        picture = f"pictures/{stem}.png"
        image = f'<img src="{picture}" alt="">' if (ROOT / "notebooks" / picture).is_file() else ""
        about = f'<span class="about">{said.get(stem, "")}</span>'
        cards.append(
            f'<li><a href="{stem}.html"><span class="picture">{image}</span><strong>{title}</strong>{about}</a></li>'
        )
    return '<ul class="cards">' + "\n".join(cards) + "</ul>"


def contents(here, titles, body):
    """The list of all pages; of this one with its sections."""
    items = []
    for stem, title in ({"index": "The course"} | titles).items():
        current, inner = "", ""
        if stem == here:
            current = ' aria-current="page"'
            found = [(anchor, heading) for anchor, heading, _ in sections(body)][1:]
            inner = "".join(f'<li><a href="#{a}">{html.escape(heading)}</a></li>' for a, heading in found)
            inner = f"<ol>{inner}</ol>" if inner and here != "index" else ""
        items.append(f'<li><a href="{stem}.html"{current}>{html.escape(title)}</a>{inner}</li>')
    return "<ol>" + "\n".join(items) + "</ol>"


def onwards(here, lessons, titles):
    """Links to the lesson before and to the next one."""
    order = ["index", *lessons]
    if here not in order:
        return ""
    at, names, links = order.index(here), {"index": "The course"} | titles, []
    for step, word in ((-1, "previous"), (1, "next")):
        if 0 <= at + step < len(order):
            stem = order[at + step]
            links.append(
                f'<a class="{word}" rel="{word[:4]}" href="{stem}.html"><small>{word}</small>{names[stem]}</a>'
            )
    return '<div class="onwards">' + "".join(links) + "</div>"


def draw_pictures(folder):
    """preview.png, for link previews, and the icon: real sprites, from noise on the left to clean on the right."""
    sprites, ab_t = du.load_sprites("held_out", 200).x[[13, 40, 81, 2, 58, 27]], du.noise_schedule("cosine", 500)
    noise = torch.randn(sprites.shape, generator=torch.Generator().manual_seed(0))
    times = [500, 440, 380, 330, 290, 250, 210, 170, 130, 80, 30, 0]
    columns = torch.stack([du.add_noise(sprites, t, noise, ab_t) for t in times], 1)
    Image.fromarray(du.show(columns.flatten(0, 1), columns=12, scale=6, gap=4).frames[0]).save(folder / "preview.png")
    Image.fromarray(du.to_pixels(sprites[:1])[0]).resize((64, 64), Image.Resampling.NEAREST).save(folder / "icon.png")


def as_files(body, folder):
    """The pictures within a page as files beside it, so that its text is there at once; those further down are fetched
    when they come near the screen, and their place is kept free."""

    def file(match):
        data = base64.b64decode(match[1])
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.png"
        (folder / "media").mkdir(exist_ok=True)
        (folder / "media" / name).write_bytes(data)
        width, height = struct.unpack(">2I", data[16:24])
        lazy = ' loading="lazy"' if match.start() > first else ""
        return f'src="media/{name}" width="{width}" height="{height}"{lazy}'

    pattern = r'src="data:image/png;base64,([^"]*)"'
    first = match.start() if (match := re.search(pattern, body)) else 0
    return re.sub(pattern, file, body)


def make(folder, address="", live=False):
    """Write the site into the folder, which is emptied first; returns the pages.

    address: where the site will be, with a slash at its end; live: with the networks, which onnxruntime-web runs.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "notebooks" / "pictures", folder / "pictures")
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("default", "github-dark"))
    style = [
        file.read_text(encoding="utf-8") for file in (FILES / "style.css", site_networks.EDITOR.with_suffix(".css"))
    ]
    style.append(light)
    if MATH_FONT.is_file():  # for those systems that have no font for formulas
        shutil.copy(MATH_FONT, folder / "math.woff2")
        shutil.copy(MATH_FONT.parents[1] / "LICENSE", folder / "math.woff2.LICENSE")
        style.append('@font-face { font-family: "Noto Sans Math"; src: url("math.woff2"); font-display: swap }')
    style += ["@media (prefers-color-scheme: dark) {", dark, "}", ".highlight { background: var(--block) !important; }"]
    (folder / "style.css").write_text("\n".join(style), encoding="utf-8")
    (folder / "player.js").write_text(PLAYER, encoding="utf-8")
    (folder / "flat_world.js").write_text(SCRIPT, encoding="utf-8")
    shutil.copy(FILES / "site.js", folder)
    draw_pictures(folder)
    bodies = {}
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        widgets = LIVE.get(file.stem) if live else None
        bodies[file.stem] = "\n".join(cell_html(cell, widgets) for cell in nbformat.read(file, 4).cells)
    lessons = list(bodies)
    bodies |= {stem: to_html((ROOT / file).read_text(encoding="utf-8")) for stem, file in TEXTS.items()}
    titles = {stem: next(sections(body))[1] for stem, body in bodies.items()}
    for stem in lessons:
        run = RUN.format(stem)
        bodies[stem] = bodies[stem].replace("</h1>", "</h1>" + run, 1)
    names = titles | {stem: SHORT[stem] for stem in TEXTS}
    film = base64.b64encode(FILM.read_bytes()).decode()
    stage = f'<img class="film" src="data:image/png;base64,{film}" alt="Twenty sprites emerge from noise">'
    if live:
        words = (
            '<p>Say what you want to see. A network that has learned to read, in <a href="13_prompts.html">lesson '
            "13</a>, draws it here in this page: nothing is sent anywhere, and nothing needs installing.</p>"
        )
        stage = words + live_html("one", stage)
    cards = lesson_cards({stem: titles[stem] for stem in lessons})
    bodies = {"index": INDEX.substitute(stage=stage, cards=cards)} | bodies
    (folder / "search-index.js").write_text(search_index({s: bodies[s] for s in [*lessons, *TEXTS]}), encoding="utf-8")
    if live:
        shutil.copy(FILES / "live.js", folder)
        site_networks.make_live(folder / "live")
    for stem, body in bodies.items():
        scripts = ["player.js"] + ["flat_world.js"] * ('class="flat-world"' in body)
        scripts += ["live.js"] * ('class="live"' in body)
        title = titles.get(stem, "Diffusion models, one sprite at a time")
        first = re.search(r"<p>(.*?)</p>", body, re.S) if stem in lessons else None
        page = PAGE.substitute(
            policy=POLICY,
            title=html.escape(title if stem == "index" else f"{title} - Diffusion models, one sprite at a time"),
            description=html.escape(plain(first[1])[:300] if first else ABOUT), address=html.escape(address),
            kind="index" if stem == "index" else "text", body=as_files(site_links(body), folder), page=f"{stem}.html",
            onwards=onwards(stem, lessons, titles), contents=contents(stem, names, body),
            scripts="\n".join(f'<script src="{name}"></script>' for name in scripts),
        )  # fmt: skip
        (folder / f"{stem}.html").write_text(page, encoding="utf-8")
    return sorted(folder.glob("*.html"))


class Links(HTMLParser):
    """Collects what a page links to, and the anchors that it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value and not value.startswith("data:"):
                self.links.append(value)
            if name == "id":
                self.anchors.add(value)


def broken_links(folder):
    """Links of the site's pages that lead nowhere within it, as "page: link". Addresses elsewhere are not asked."""
    pages = {page.name: Links(page.read_text(encoding="utf-8")) for page in folder.glob("*.html")}
    broken = []
    for name, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme in ("http", "https", "mailto"):
                continue
            target, anchor = unquote(address.path) or name, unquote(address.fragment)
            lost = target in pages and anchor and anchor not in pages[target].anchors
            if lost or not (folder / target).is_file():
                broken.append(f"{name}: {link}")
    return broken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--address", default="", help="where the site will be, such as https://name.example/course/")
    parser.add_argument("--still", action="store_true", help="leave the networks out")
    given = parser.parse_args()
    address = given.address and given.address.rstrip("/") + "/"
    live = site_networks.installed() and not given.still
    pages = make(given.folder, address, live)
    if bad := broken_links(given.folder):
        sys.exit("links that lead nowhere:\n" + "\n".join(bad))
    print(f"{len(pages)} pages in {given.folder.name}/, every link leads somewhere: make serve, or open its index.html")
    if live:
        print("The networks draw in it where it is served: make serve")
    elif not given.still:
        print("It was built without the networks, because onnxruntime-web is not installed: make site asks npm for it.")


if __name__ == "__main__":
    main()
