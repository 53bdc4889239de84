"""The pixel editor in a real browser: in a plain page without a kernel, as on the site, and in JupyterLab, where Python
receives what is drawn."""

import functools
import http.server
import io
import threading

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from test_browser import ARTIFACTS, CHROMIUM, ROOT, Lesson, browser, course_in, serving  # noqa: F401

import diffusion_utilities as du
from plumbing.own_pictures import load_picture

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")
PAGE = """<!doctype html><html lang="en"><title>editor</title><meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark } body { margin: 8px; font: 16px sans-serif }</style>
<link rel="stylesheet" href="pixel_editor.css"><div id="here"></div><script type="module">
import * as editor from "./pixel_editor.js";
Object.assign(window, { editor, model: new editor.Model() });
editor.mount(document.getElementById("here"), model);
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def plumbing():
    """The address of a server of the folder that holds the editor."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Quiet, directory=ROOT / "notebooks" / "plumbing")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def opened(browser, address, **how):  # noqa: F811
    """A page with the editor in it; its errors are collected in page.wrong."""
    page = browser.new_context(viewport={"width": 360, "height": 740}, **how).new_page()
    page.set_default_timeout(10_000)
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.route("**/page.html", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(f"{address}/page.html")
    page.wait_for_function("window.ready")
    return page


@pytest.fixture
def page(browser, plumbing):  # noqa: F811
    page = opened(browser, plumbing, color_scheme="dark")
    yield page
    assert page.wrong == []
    page.context.close()


def place(root, x, y):
    """Where a pixel of the drawing is in the window."""
    box = root.locator(".pe-canvas").bounding_box()
    return box["x"] + (x + 0.5) * box["width"] / 16, box["y"] + (y + 0.5) * box["height"] / 16


def drag(page, root, *points):
    root.locator(".pe-canvas").scroll_into_view_if_needed()
    page.mouse.move(*place(root, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(root, *point))
    page.mouse.up()


def drawing(page):
    """(pixels, mask) as the page's model has them."""
    values = page.evaluate("""() => ["pixels", "mask"].map((name) => {
        const v = model.get(name);
        return [...(v instanceof DataView ? new Uint8Array(v.buffer) : v)];
    })""")
    return np.array(values[0], np.uint8).reshape(16, 16, 3), np.array(values[1], bool).reshape(16, 16)


def test_a_line_is_drawn_erased_and_undone(page):
    page.get_by_label("red", exact=True).check()
    drag(page, page, (2, 3), (13, 3))  # quicker than the mouse tells: the line has no gaps
    pixels, mask = drawing(page)
    line = np.zeros((16, 16), bool)
    line[3, 2:14] = True
    assert ((pixels == [0xE2, 0x47, 0x4B]).all(-1) == line).all() and (pixels[~line] == 255).all()
    page.get_by_label("erase", exact=True).check()
    drag(page, page, (5, 2), (5, 8))
    pixels_after, mask = drawing(page)
    assert mask.sum() == 7 and mask[2:9, 5].all()
    assert (pixels_after == pixels).all()  # what was there is kept
    for _ in range(2):
        page.get_by_role("button", name="undo").click()
    pixels, mask = drawing(page)
    assert (pixels == 255).all() and not mask.any() and page.get_by_role("button", name="undo").is_disabled()
    page.get_by_role("button", name="redo").click()
    assert (drawing(page)[0] != 255).any()


def test_everything_by_keyboard(page):
    canvas, said = page.locator(".pe-canvas"), page.locator(".pe-said")
    canvas.focus()

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)

    press("ArrowRight", "ArrowDown")
    assert said.inner_text() == "row 9, column 9: white"
    press(" ", "Shift+ArrowRight", "Shift+ArrowRight")
    pixels, _ = drawing(page)
    assert (pixels[8, 8:11] == [0x1C, 0x16, 0x24]).all() and (pixels != 255).any(-1).sum() == 3
    press("m", "ArrowDown", " ")
    pixels, _ = drawing(page)
    assert (pixels[9, [5, 10]] == [0x1C, 0x16, 0x24]).all()
    press("m", "]", "b", "ArrowUp", "ArrowUp", "Enter")  # the background becomes brown
    pixels, _ = drawing(page)
    assert (pixels[0, 0] == [0x8F, 0x5A, 0x31]).all() and (pixels[8, 8] == [0x1C, 0x16, 0x24]).all()
    assert said.inner_text() == "row 8, column 11: brown"
    press("e", " ")
    assert said.inner_text() == "row 8, column 11: erased" and drawing(page)[1][7, 10]
    press("z", "z")
    assert (drawing(page)[0][0, 0] == 255).all()
    press("Control+y", "i", "ArrowUp", " ")
    assert page.get_by_label("brown", exact=True).is_checked() and page.get_by_label("pencil", exact=True).is_checked()


def test_a_finger_draws_and_the_page_stays(browser, plumbing):  # noqa: F811
    page = opened(browser, plumbing, has_touch=True, is_mobile=True)
    page.evaluate("document.body.style.height = '3000px'")
    touch = page.context.new_cdp_session(page)
    points = [place(page, 4, 2 + k) for k in range(8)]
    for kind, at in [("touchStart", points[0]), *(("touchMove", p) for p in points[1:]), ("touchEnd", None)]:
        where = [dict(x=at[0], y=at[1])] if at else []
        touch.send("Input.dispatchTouchEvent", dict(type=kind, touchPoints=where))
    pixels, _ = drawing(page)
    assert (pixels[2:10, 4] != 255).any(-1).all() and (pixels != 255).any(-1).sum() == 8
    assert page.evaluate("scrollY") == 0 and page.wrong == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_its_writing_is_seen(browser, plumbing, scheme):  # noqa: F811
    page = opened(browser, plumbing, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ink, paper = page.evaluate("""() => { const style = getComputedStyle(document.querySelector("button"));
        return [style.color, style.backgroundColor].map((c) => c.match(/\\d+/g).slice(0, 3).map(Number)); }""")
    assert abs(np.mean(ink) - np.mean(paper)) > 150
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"editor_{scheme}.png")
    page.context.close()


def test_a_model_that_tells_of_one_array_before_the_other_gets_both(page):
    """As that of a notebook does: what is erased is painted over, so that pixels and mask change at once."""
    page.evaluate("""() => {
        class Eager extends editor.Model { set(name, value) { super.set(name, value); this.save_changes(); } }
        document.getElementById("here").replaceChildren();
        window.model = new Eager();
        editor.mount(document.getElementById("here"), model);
    }""")
    page.get_by_label("erase", exact=True).check()
    drag(page, page, (5, 2), (5, 8))
    assert drawing(page)[1].sum() == 7
    page.get_by_label("red", exact=True).check()
    drag(page, page, (5, 2), (5, 5))
    pixels, mask = drawing(page)
    assert mask.sum() == 3 and (pixels != 255).any(-1).sum() == 4
    page.get_by_role("button", name="undo").click()
    pixels, mask = drawing(page)
    assert mask.sum() == 7 and (pixels == 255).all()
    page.get_by_role("button", name="clear").click()
    assert not drawing(page)[1].any()


def test_what_another_puts_in_can_be_undone(page):
    page.evaluate("() => { model.set('pixels', new Uint8Array(768)); model.save_changes(); }")
    page.get_by_role("button", name="undo").click()
    assert (drawing(page)[0] == 255).all()


SIZES = [(16, 16), (256, 256), (37, 90), (100, 41), (7, 7), (5, 3), (8, 8)]


@pytest.mark.parametrize("size", SIZES)
def test_a_picture_is_read_as_the_course_reads_it(page, tmp_path, size):
    """The same pixels as `load_picture`, apart from how each rounds an average, or mixes with white."""
    dice = np.random.default_rng(sum(size))
    rgba = dice.integers(0, 256, (size[1], size[0], 4), np.uint8)
    rgba[..., 3] = 255 * (rgba[..., 3] > 60)  # a canvas cannot keep the colours of what is nearly transparent
    Image.fromarray(rgba).save(tmp_path / "mine.png")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.get_by_text("mine.png is open").wait_for()
    wanted = du.to_pixels(load_picture(tmp_path / "mine.png"))[0]
    assert np.abs(drawing(page)[0].astype(int) - wanted).max() <= 1


def test_magenta_around_a_figure_becomes_white(page, tmp_path):
    pixels = np.full((16, 16, 3), (255, 0, 255), np.uint8)
    pixels[4:12, 4:12] = (10, 200, 30)
    Image.fromarray(pixels).save(tmp_path / "old.png")
    page.locator("input[type=file]").set_input_files(tmp_path / "old.png")
    page.get_by_text("old.png is open").wait_for()
    assert (drawing(page)[0] == du.to_pixels(load_picture(tmp_path / "old.png"))[0]).all()
    assert (drawing(page)[0][0, 0] == 255).all()


def test_a_file_that_is_no_picture_is_refused_in_a_sentence(page, tmp_path):
    (tmp_path / "note.png").write_text("no picture")
    page.locator("input[type=file]").set_input_files(tmp_path / "note.png")
    page.get_by_text("note.png is not a picture that this browser can read").wait_for()
    assert (drawing(page)[0] == 255).all()


def saved(page, root, button):
    with page.expect_download() as download:
        root.get_by_role("button", name=button).click()
    return np.asarray(Image.open(io.BytesIO(open(download.value.path(), "rb").read())).convert("RGB"))


def test_what_is_saved_is_what_is_drawn(page):
    drag(page, page, (1, 1), (6, 14))
    pixels, _ = drawing(page)
    assert (saved(page, page, "save 16 x 16") == pixels).all()
    assert (saved(page, page, "save enlarged") == pixels.repeat(16, 0).repeat(16, 1)).all()


# -------------------------------------------------------------------------------------------------------- JupyterLab

CELLS = [
    "import sys; sys.path.insert(0, '..')\nimport torch, editor\npad = editor.PixelEditor()\npad",
    """def draw(x, prompt, strength, seed):
    if prompt == "dragon":
        raise ValueError("the network has never read the word 'dragon'")
    return x.roll(seed, -1).repeat(8, 1, 1, 1)
def fill(x, erased, prompt, seed):
    return torch.where(erased, -1.0, x).repeat(8, 1, 1, 1)
board = editor.studio(draw, fill, prompt="wizard")
board""",
]
PYTHON_HAS = "print(int((pad.pixels != 255).any(-1).sum()), int(pad.mask.sum()))"


def test_in_jupyterlab_python_receives_the_pixels(browser, tmp_path):  # noqa: F811
    """Drag, erase, keys (which JupyterLab must not take for its own), undo, open, save, and back from Python; then the
    studio."""
    course = course_in(tmp_path)
    cells = [new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), course / "notebooks" / "pad.ipynb")
    with serving(tmp_path, "-m", "jupyter", "lab", f"--ServerApp.root_dir={course}") as (address, _):
        lesson = Lesson(browser, f"{address}/lab/tree/notebooks/pad.ipynb")
        lesson.run_all()
        assert lesson.outputs("application/vnd.jupyter.error").all_inner_texts() == []
        page = lesson.page
        page.locator(".pixel-editor").nth(1).wait_for()
        root = page.locator(".pixel-editor").first

        def python_has(text):
            for _ in range(40):
                if (now := lesson.ask(PYTHON_HAS)) == text:
                    return
                page.wait_for_timeout(250)
            raise AssertionError(f"Python has {now}, not {text}")

        drag(page, root, (2, 3), (13, 3))
        python_has("12 0")
        root.get_by_label("erase", exact=True).check()
        drag(page, root, (2, 5), (2, 7))
        python_has("12 3")
        root.locator(".pe-canvas").focus()
        for key in ("p", "ArrowDown", "ArrowDown", " ", "d", "d", "x", "z"):
            page.keyboard.press(key)
        python_has("12 3")
        assert page.locator(".jp-CodeCell").count() == len(CELLS), "JupyterLab took the keys"
        page.keyboard.press("y")
        python_has("13 3")
        saved_pixels = saved(page, root, "save 16 x 16")
        Image.fromarray(saved_pixels).save(tmp_path / "mine.png")
        root.get_by_role("button", name="clear").click()
        python_has("0 0")
        root.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
        python_has("13 0")
        lesson.ask("pad.show(torch.zeros(3, 16, 16) - 1, torch.eye(16))")
        root.get_by_role("button", name="save 16 x 16").wait_for()
        page.wait_for_timeout(500)
        assert (saved(page, root, "save 16 x 16") == 0).all()
        root.get_by_role("button", name="undo").click()  # one step, though two arrays came
        python_has("13 0")

        panel = page.locator(".widget-vbox:has(> .widget-image)").last
        board = panel.locator(".pixel-editor")
        drag(page, board, (4, 4), (9, 4))
        panel.get_by_role("button", name="scribble to sprite").click()
        for _ in range(40):
            if lesson.ask("print(int((board.results < 0).any(1).sum()))") == "48":  # six pixels of each
                break
            page.wait_for_timeout(250)
        else:
            raise AssertionError("the studio has not drawn what the editor holds")
        text = panel.locator("input[type=text]").first
        text.fill("dragon")
        text.press("Enter")
        panel.locator("[role=status]", has_text="never read the word 'dragon'").wait_for()
        assert lesson.ask("print(int((board.editor.pixels != 255).any(-1).sum()))") == "6"
        panel.get_by_role("button", name="3", exact=True).click()
        panel.locator("[role=status]", has_text="Result 3 is in the editor").wait_for()
        ARTIFACTS.mkdir(exist_ok=True)
        panel.screenshot(path=ARTIFACTS / "editor_studio.png")
        assert lesson.complaints == []
        page.close()
