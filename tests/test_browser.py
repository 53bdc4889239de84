"""The lessons in a real browser: JupyterLab on 127.0.0.1, driven through Debian's chromium.

The learner's copy of lesson 1 opens as `make lab` opens it, and runs from top to bottom. Of every other lesson only
what needs a browser is run: the widgets, with the cells that they need (excerpt.py); that whole lessons run is nbval's
to show. A few saved lessons are opened without a kernel: their films move. Screenshots and the measured times are left
in artifacts/, which git ignores: look at them.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from excerpt import excerpt

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
LESSONS = sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
CORE, DEEPER = LESSONS[:6], LESSONS[6:]  # test_browser_deeper.py has the others, so that two workers share them
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDGETS = r"widgets\.(try_it|dashboard)\("
ALSO = {"10_your_own_pictures": r'|"--data", FOLDER'}  # a run that lies in a file, where excerpt() cannot see it

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def course_in(folder):
    """A copy of the course without sources in the folder, with settings of its own; returns its place."""
    (folder / "course").mkdir()
    (folder / "course" / "diffusion_utilities.py").symlink_to(ROOT / "diffusion_utilities.py")
    ignore = shutil.ignore_patterns("py", "saved", "__pycache__", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", folder / "course" / "notebooks", ignore=ignore)
    settings = folder / "settings" / "@jupyterlab"
    for name, values in {
        "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page, also outside the window
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    return folder / "course"


@contextlib.contextmanager
def serving(folder, *program):
    """Run a program that starts JupyterLab, with settings beside the course; gives (its address, its log)."""
    own = {f"JUPYTER{kind}_DIR": str(folder / kind.lower().strip("_")) for kind in ("_DATA", "_CONFIG", "_RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "work")}
    port = free_port()
    command = [sys.executable, *program, "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
               "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--expose-app-in-browser"]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5)
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.5)
        yield address, (folder / "log").read_text()
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves a copy of the lessons, and of each lesson's widgets an excerpt."""
    folder = tmp_path_factory.mktemp("lab")
    course = course_in(folder)
    for name in LESSONS:
        lesson = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
        made = excerpt(lesson, WIDGETS + ALSO.get(name, ""))
        nbformat.write(made, course / "notebooks" / f"excerpt_{name}.ipynb")
    news_off = ROOT / "notebooks" / "plumbing" / "jupyter"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_PATH", str(news_off))
        with serving(folder, "-m", "jupyter", "lab", f"--ServerApp.root_dir={course}") as (address, _):
            yield address


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


# Resolves with [seconds, pictures seen] once the panel's picture has changed and is on the screen.
WATCH = """(image) => {
  const watch = (window.watch = { pictures: 0 });
  addEventListener("keydown", () => { watch.begin = performance.now(); }, { capture: true, once: true });
  watch.changed = new Promise((resolve, reject) => {
    new MutationObserver(async () => {
      watch.pictures += 1;
      if (!image.complete) await new Promise((loaded) => image.addEventListener("load", loaded, { once: true }));
      resolve((performance.now() - watch.begin) / 1000);
    }).observe(image, { attributeFilter: ["src"] });
    setTimeout(reject, 30_000, new Error("no other picture within 30 seconds"));
  });
  watch.changed.catch(() => null);
}"""
KERNEL = "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"
ASK = """async ([code]) => {
  const future = KERNEL.requestExecute({ code });
  let text = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") text += content.text;
    if (header.msg_type === "error") text += content.ename + ": " + content.evalue;
  };
  await future.done;
  return text.trim();
}""".replace("KERNEL", KERNEL)


class Lesson:
    """A lesson that is open in JupyterLab."""

    def __init__(self, browser, address):
        """Open it; the address is that of a notebook in a JupyterLab."""
        self.name, self.complaints = address.split("/")[-1].removesuffix(".ipynb"), []
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.goto(f"{address}?reset")
        self.page.wait_for_function(f"() => window.jupyterapp && {KERNEL}?.status === 'idle'", timeout=120_000)

    def run_all(self):
        """Run every cell, as a learner does; returns the seconds."""
        begin = time.perf_counter()
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
        self.page.wait_for_timeout(1000)
        return time.perf_counter() - begin

    def ask(self, code):
        """What the code prints in the lesson's kernel."""
        return self.page.evaluate(ASK, [code])

    def outputs(self, mime):
        return self.page.locator(f'.jp-OutputArea-output[data-mime-type="{mime}"]')

    def panels(self):
        """The widgets of the lesson: boxes with controls and a picture."""
        return self.page.locator(".widget-vbox:has(> .widget-image)").all()

    def move(self, panel, presses=1, wait=True, within=".widget-gridbox"):
        """Move the panel's first slider (or step its first number) to where it has not been: the seconds until the
        picture has changed; without `wait` the keys are pressed one right after the other."""
        panel.scroll_into_view_if_needed()
        handle, number = (panel.locator(f"{within} {what}") for what in (".noUi-handle", "input[type=number]"))
        slider = handle.count() > 0
        control = handle.first if slider else number.first
        key = "ArrowUp"
        if slider:
            now, low, high = (float(control.get_attribute(f"aria-value{part}")) for part in ("now", "min", "max"))
            key = "ArrowRight" if high - now > now - low else "ArrowLeft"
        seconds = []
        control.focus()
        for _ in range(presses):
            if wait or not seconds:
                panel.locator("> .widget-image").evaluate(WATCH)
            self.page.keyboard.press(key)
            if not slider:
                self.page.keyboard.press("Enter")
            if wait:
                seconds.append(self.page.evaluate("() => watch.changed"))
            else:
                seconds.append(None)
        return seconds

    def photograph(self, label):
        """Screenshots of the whole lesson, a window at a time."""
        ARTIFACTS.mkdir(exist_ok=True)
        for old in ARTIFACTS.glob(f"{self.name}_{label}_*.png"):
            old.unlink()
        pane = self.page.locator(".jp-WindowedPanel-outer").first
        height, window = pane.evaluate("pane => [pane.scrollHeight, pane.clientHeight]")
        for i in range(-(-height // window)):
            pane.evaluate("(pane, top) => { pane.scrollTop = top }", i * window)
            self.page.wait_for_timeout(250)
            pane.screenshot(path=ARTIFACTS / f"{self.name}_{label}_{i:02d}.png")


def read(lesson):
    return json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))


def pictures_of(lesson):
    return [o for c in read(lesson)["cells"] for o in c.get("outputs", []) if "image/png" in o.get("data", {})]


def test_make_lab_opens_your_copy_of_lesson_1_and_it_runs(browser, tmp_path, capsys):
    """The copy has no outputs, nothing asks about news, the file browser shows lessons only; and the whole lesson runs
    from top to bottom without an error, ending with players that answer."""
    course = course_in(tmp_path)
    with serving(tmp_path, course / "notebooks" / "plumbing" / "lab.py") as (_, log):
        opened = re.findall(r"http://127.0.0.1:\d+/lab/tree/01_intuition.ipynb", log)
        assert opened, log
        lesson = Lesson(browser, opened[0])
        page = lesson.page
        items = page.locator(".jp-DirListing-item .jp-DirListing-itemText")
        items.first.wait_for()
        assert sorted(items.all_inner_texts()) == [f"{name}.ipynb" for name in LESSONS]
        assert page.locator(".jp-OutputArea-output").count() == 0
        page.wait_for_timeout(3000)  # the question about news would have come by now
        assert page.get_by_text("Jupyter news").count() == 0
        report = f"{lesson.name}: ran in {lesson.run_all():.0f} s"
        for error in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
            assert lesson.outputs(error).all_inner_texts() == []
        saved = [
            o for c in read(lesson.name)["cells"] for o in c.get("outputs", []) if "image/png" in o.get("data", {})
        ]
        assert page.locator(".jp-OutputArea-output :is(img, canvas)").count() >= len(saved)
        lesson.photograph("run")
        a_player_answers(lesson)
        assert lesson.complaints == []
        page.close()
    with capsys.disabled():
        print(f"\n{report}")


@pytest.mark.parametrize("name", [CORE[0], CORE[-1], "13_prompts"])
def test_a_saved_lesson_shows_its_pictures_and_films_without_a_kernel(lab, browser, name):
    """Every picture of the saved lesson is there, and its first film moves."""
    lesson = Lesson(browser, f"{lab}/lab/tree/notebooks/{name}.ipynb")
    lesson.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    pictures = lesson.outputs("image/png").locator("img")
    assert pictures.count() == len(pictures_of(name))
    assert all(pictures.evaluate_all("images => images.map((image) => image.complete && image.naturalWidth > 0)"))
    films = pictures.evaluate_all("images => images.map((i) => atob(i.src.split(',')[1]).includes('acTL'))")
    film = pictures.nth(films.index(True))
    film.scroll_into_view_if_needed()
    seen = {film.screenshot() for _ in range(12) if lesson.page.wait_for_timeout(150) is None}
    assert len(seen) > 1, "the film stands still"
    lesson.page.close()


@pytest.mark.parametrize("name", CORE)
def test_the_widgets_of_a_lesson_answer(lab, browser, name, capsys):
    widgets_answer(lab, browser, name, capsys)


def a_player_answers(lesson):
    """The first player of the lesson: its scrubber brings another frame and its label."""
    player = lesson.page.locator(".film-player").first
    player.scroll_into_view_if_needed()
    text, slider = player.locator("output"), player.locator("input")
    slider.evaluate("slider => { slider.value = 2; slider.dispatchEvent(new Event('input')); }")
    lesson.page.wait_for_timeout(300)
    here = text.inner_text(), player.evaluate("bar => bar.previousElementSibling.toDataURL()")
    slider.press("ArrowRight")
    lesson.page.wait_for_timeout(300)
    assert text.inner_text() != here[0]
    assert player.evaluate("bar => bar.previousElementSibling.toDataURL()") != here[1]


def widgets_answer(lab, browser, name, capsys):
    """Each widget of the lesson shows a picture at once and answers when it is moved; moving quickly queues nothing."""
    lesson = Lesson(browser, f"{lab}/lab/tree/notebooks/excerpt_{name}.ipynb")
    report = [f"{name}: its widgets and what they need ran in {lesson.run_all():.0f} s"]
    for error in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
        assert lesson.outputs(error).all_inner_texts() == []
    ARTIFACTS.mkdir(exist_ok=True)

    panels = lesson.panels()
    made = [c for c in read(name)["cells"] if c["cell_type"] == "code" and re.search(WIDGETS, "".join(c["source"]))]
    assert len(panels) == len(made) > 0
    for i, panel in enumerate(panels):
        if panel.locator("button:has-text('reset')").count():
            report.append(train_for_a_moment(lesson, panel))
            continue
        seconds = lesson.move(panel, presses=5)
        report.append(f"widget {i + 1}: {statistics.median(seconds):.2f} s from release to picture (median of 5)")
        if panel.locator(".widget-play").is_visible():
            scrubbed = lesson.move(panel, presses=5, within=".widget-hbox:has(.widget-play)")
            report.append(f"widget {i + 1}: {statistics.median(scrubbed):.2f} s from scrubber to picture (median of 5)")
        lesson.move(panel, presses=12, wait=False)
        drawn, before = 0, None
        while drawn == 0 or drawn != before:  # until no other picture comes
            lesson.page.wait_for_timeout(2000)
            before, drawn = drawn, lesson.page.evaluate("() => watch.pictures")
        assert 1 <= drawn <= (6 if statistics.median(seconds) > 0.3 else 12), "moving quickly queues up work"
        panel.screenshot(path=ARTIFACTS / f"{name}_widget_{i + 1}.png")
    assert lesson.complaints == []
    with capsys.disabled():
        print("\n" + "\n  ".join(report))
    (ARTIFACTS / f"{name}.txt").write_text("\n".join(report) + "\n")
    lesson.page.close()


def train_for_a_moment(lesson, panel):
    """Start, stop, continue and reset: what was learned is kept until the reset."""
    panel.scroll_into_view_if_needed()
    image = panel.locator("> .widget-image")
    step = "print(board.trainer.step, len(board.losses))"
    assert lesson.ask(step) == "0 0"
    for begin in ("start", "continue"):
        before = int(lesson.ask(step).split()[0])
        image.evaluate(WATCH)
        panel.locator(f"button:has-text('{begin}')").click()
        lesson.page.wait_for_function("() => watch.pictures >= 2", timeout=120_000)
        panel.locator("button:has-text('stop')").click()
        panel.locator("[role=status]:has-text('Stopped')").wait_for()
        after = int(lesson.ask(step).split()[0])
        assert after > before
        lesson.page.wait_for_timeout(500)
        assert int(lesson.ask(step).split()[0]) == after, "it trains on after a stop"
    panel.screenshot(path=ARTIFACTS / f"{lesson.name}_dashboard.png")
    panel.locator("button:has-text('reset')").click()
    panel.locator("[role=status]:has-text('New weights')").wait_for()
    assert lesson.ask(step) == "0 0"
    return f"dashboard: stopped after {after} steps, went on, was reset"
