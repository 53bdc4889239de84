"""The lessons in a real browser: JupyterLab on 127.0.0.1, driven through Debian's chromium.

Each lesson opens, shows its films without a kernel, runs to its end, and its widgets answer. Screenshots of the lessons
and the measured times are left in artifacts/, which git ignores: look at them.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
LESSONS = sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
CORE, DEEPER = LESSONS[:6], LESSONS[6:]  # test_browser_deeper.py has the others, so that two workers share them
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PANEL = ".widget-image"  # the picture of a widget

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves a copy of the lessons, with settings of its own."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "course").mkdir()
    (folder / "course" / "diffusion_utilities.py").symlink_to(ROOT / "diffusion_utilities.py")
    ignore = shutil.ignore_patterns("py", "saved", "__pycache__", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", folder / "course" / "notebooks", ignore=ignore)
    settings = folder / "settings" / "@jupyterlab"
    for name, values in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page, also outside the window
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    own = {f"JUPYTER{kind}_DIR": str(folder / kind.lower().strip("_")) for kind in ("_DATA", "_CONFIG", "_RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "work")}
    port = free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--expose-app-in-browser", "--allow-root",
               f"--ServerApp.root_dir={folder / 'course'}"]  # fmt: skip
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
        yield address
    finally:
        server.terminate()
        server.wait(30)


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

    def __init__(self, browser, lab, name):
        self.name, self.complaints = name, []
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.goto(f"{lab}/lab/tree/notebooks/{name}.ipynb?reset")
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


@pytest.mark.parametrize("name", CORE)
def test_a_saved_lesson_shows_its_pictures_and_films_without_a_kernel(lab, browser, name):
    shows_without_a_kernel(lab, browser, name)


@pytest.mark.parametrize("name", CORE)
def test_a_lesson_runs_and_its_widgets_answer(lab, browser, name, capsys):
    runs_and_answers(lab, browser, name, capsys)


def shows_without_a_kernel(lab, browser, name):
    """Every picture of the saved lesson is there, and its first film moves."""
    lesson = Lesson(browser, lab, name)
    lesson.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    outputs = [o for c in read(name)["cells"] for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    pictures = lesson.outputs("image/png").locator("img")
    assert pictures.count() == len(outputs)
    assert all(pictures.evaluate_all("images => images.map((image) => image.complete && image.naturalWidth > 0)"))
    films = pictures.evaluate_all("images => images.map((i) => atob(i.src.split(',')[1]).includes('acTL'))")
    film = pictures.nth(films.index(True))
    film.scroll_into_view_if_needed()
    seen = {film.screenshot() for _ in range(12) if lesson.page.wait_for_timeout(150) is None}
    assert len(seen) > 1, "the film stands still"
    lesson.page.close()


def runs_and_answers(lab, browser, name, capsys):
    """The lesson runs to its end without an error, its first player and each of its widgets answer."""
    lesson = Lesson(browser, lab, name)
    report = [f"{name}: ran in {lesson.run_all():.0f} s"]
    for error in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
        assert lesson.outputs(error).all_inner_texts() == []
    lesson.photograph("run")

    players = lesson.page.locator(".film-player")
    assert players.count() >= 1
    player = players.first
    player.scroll_into_view_if_needed()
    text, slider = player.locator("output"), player.locator("input")
    slider.evaluate("slider => { slider.value = 2; slider.dispatchEvent(new Event('input')); }")
    lesson.page.wait_for_timeout(300)
    here = text.inner_text(), player.evaluate("bar => bar.previousElementSibling.toDataURL()")
    slider.press("ArrowRight")
    lesson.page.wait_for_timeout(300)
    assert text.inner_text() != here[0]
    assert player.evaluate("bar => bar.previousElementSibling.toDataURL()") != here[1]

    panels = lesson.panels()
    assert panels, "no widget"
    for i, panel in enumerate(panels):
        if panel.locator("button:has-text('reset')").count():
            report.append(train_for_a_moment(lesson, panel))
            continue
        seconds = lesson.move(panel, presses=10)
        report.append(f"widget {i + 1}: {statistics.median(seconds):.2f} s from release to picture (median of 10)")
        if panel.locator(".widget-play").is_visible():
            scrubbed = lesson.move(panel, presses=10, within=".widget-hbox:has(.widget-play)")
            report.append(
                f"widget {i + 1}: {statistics.median(scrubbed):.2f} s from scrubber to picture (median of 10)"
            )
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
