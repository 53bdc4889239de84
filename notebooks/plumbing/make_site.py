"""Write the executed lessons as a static site: python notebooks/plumbing/make_site.py [FOLDER]   (default: site/)

It reads without a server, a kernel or a network: formulas are MathML, and every film has its player. It ends with a
check of every link; one that leads nowhere is an error.
"""

import html
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from latex2mathml.converter import convert as mathml
from nbconvert.filters import Highlight2HTML, markdown2html_mistune
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "notebooks"))
from explore import SCRIPT, figure_html  # noqa: E402
from plumbing.picture import PLAYER  # noqa: E402

TEXTS = {  # the pages that are no lessons
    "index": "README.md", "weights": "weights/README.md", "experiments": "weights/EXPERIMENTS.md",
    "benchmark": "tests/BENCHMARK.md",
}  # fmt: skip
STYLE = """
:root { color-scheme: light; }
body { font: 17px/1.6 system-ui, sans-serif; color: #222; margin: 0; }
nav { background: #f3f1ec; padding: 10px 24px; } nav a { margin-right: 18px; white-space: nowrap; }
nav a[aria-current] { font-weight: 700; color: #222; text-decoration: none; }
.anchor-link { visibility: hidden; text-decoration: none; } :hover > .anchor-link { visibility: visible; }
main { max-width: 940px; margin: 0 auto; padding: 8px 24px 80px; }
a { color: #0b57a4; } img, canvas { max-width: 100%; } h1 { line-height: 1.2; }
table { border-collapse: collapse; } td, th { padding: 4px 12px 4px 0; text-align: left; vertical-align: middle; }
code { font-size: 0.88em; background: #f3f1ec; padding: 0 3px; border-radius: 3px; }
pre { font-size: 13px; line-height: 1.45; background: #f7f6f3; padding: 10px 14px; overflow-x: auto;
  border-radius: 4px; }
pre code { background: none; padding: 0; } .output { margin: 8px 0 18px; } .output pre { background: none; padding: 0; }
details { margin: 6px 0 14px; } summary { cursor: pointer; } math { font-size: 1.1em; }
"""

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="style.css"></head>
<body><nav aria-label="lessons">{nav}</nav><main>
{body}
</main><script src="player.js"></script>{more}</body>
</html>
"""


def formulas(text):
    """Markdown with $...$ and $$...$$ outside of code turned into MathML."""
    pattern = re.compile(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.S)

    def convert(match):
        code, display, inline = match.groups()
        return code or mathml(display or inline, display="block" if display else "inline")

    return pattern.sub(convert, text)


def to_html(markdown):
    return markdown2html_mistune(formulas(markdown))


def output_html(output):
    """One output of a cell: its picture with the alternative text, its HTML, its Markdown or its text."""
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
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


def cell_html(cell):
    """A cell with its outputs; a solution is folded, and so is what only finds the course."""
    if cell.cell_type == "markdown":
        return to_html(cell.source)
    code = Highlight2HTML()(cell.source)
    for tag, summary in {"solution": "Solution", "setup": "Set-up"}.items():
        if tag in cell.metadata.get("tags", []):
            code = f"<details><summary>{summary}</summary>{code}</details>"
    outputs = "".join(f'<div class="output">{output_html(o)}</div>' for o in cell.outputs)
    return code + outputs


def site_links(text):
    """Links between the repository's files turned into links between the site's pages."""
    text = re.sub(r'(href="|\]\()(?:\.\./)?(?:notebooks/)?(\d\d_\w+)\.ipynb', r"\1\2.html", text)
    for stem, file in TEXTS.items():
        text = re.sub(rf'(href="|\]\()(?:\.\./)?{re.escape(file)}', rf"\1{stem}.html", text)
    return re.sub(r'(src="|\]\()(?:\.\./)?notebooks/pictures/', r"\1pictures/", text)


def make(folder):
    """Write the site into the folder, which is emptied first; returns the pages."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "notebooks" / "pictures", folder / "pictures")
    (folder / "style.css").write_text(STYLE + HtmlFormatter().get_style_defs(".highlight"), encoding="utf-8")
    (folder / "player.js").write_text(PLAYER, encoding="utf-8")
    (folder / "flat_world.js").write_text(SCRIPT, encoding="utf-8")
    texts = {stem: to_html((ROOT / file).read_text(encoding="utf-8")) for stem, file in TEXTS.items()}
    bodies = {"index": texts.pop("index")}
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        bodies[file.stem] = "\n".join(map(cell_html, nbformat.read(file, 4).cells))
    bodies |= texts
    titles = {stem: re.search("<h1[^>]*>(.*?)<a", body, re.S)[1] for stem, body in bodies.items()}
    short = {stem: title.split(".")[0] if stem[0].isdigit() else title for stem, title in titles.items()}
    short["index"] = "The course"
    for stem, body in bodies.items():
        here = {stem: " aria-current=page"}
        nav = " ".join(
            f'<a href="{s}.html" title="{titles[s]}" aria-label="{titles[s]}"{here.get(s, "")}>{name}</a>'
            for s, name in short.items()
        )
        more = '<script src="flat_world.js"></script>' if 'class="flat-world"' in body else ""
        page = PAGE.format(title=titles[stem], nav=nav, body=site_links(body), more=more)
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


if __name__ == "__main__":
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site")
    pages = make(site)
    if bad := broken_links(site):
        sys.exit("links that lead nowhere:\n" + "\n".join(bad))
    print(f"{len(pages)} pages in {site.name}/, every link leads somewhere: open {site.name}/index.html")
