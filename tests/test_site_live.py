"""The live part of the site in a real browser: the networks draw there what they draw in Python, the widgets answer,
and where no network can run, the saved picture stays.

The site here has a single lesson, made of those cells of all lessons that have live widgets, so that the networks are
loaded once; it is served on 127.0.0.1. It needs chromium and what `make site` installs with npm; where one of them is
missing, these tests are skipped.
"""

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from firefox import FIREFOX, Firefox
from nbformat.v4 import new_markdown_cell, new_notebook
from test_browser import ARTIFACTS, CHROMIUM, browser  # noqa: F401

import diffusion_utilities as du
import prompts
from plumbing import lesson_14, make_site, site_networks

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"),
    pytest.mark.skipif(not site_networks.installed(), reason="onnxruntime-web is not installed: make site-packages"),
]
AXE = site_networks.SITE / "node_modules" / "axe-core" / "axe.min.js"
LESSON = "01_widgets"
WIDGETS = [name for own in make_site.LIVE.values() for name in own.values()]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of the first page, the pages about the course, and a lesson with every widget; with the networks."""
    root = tmp_path_factory.mktemp("live") / "course"
    for file in make_site.TEXTS.values():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(make_site.ROOT / file, root / file)
    shutil.copytree(make_site.ROOT / "notebooks" / "pictures", root / "notebooks" / "pictures")
    marks, cells = {}, [new_markdown_cell("# 1. Every widget\n\nThey come from several lessons.")]
    for stem, own in make_site.LIVE.items():
        marks |= own
        lesson = nbformat.read(make_site.ROOT / "notebooks" / f"{stem}.ipynb", 4)
        with_widgets = [c for c in lesson.cells if c.cell_type == "code" and any(re.search(m, c.source) for m in own)]
        for cell in with_widgets:
            cell.id = f"{stem}-{cell.id}"  # two lessons may have the same
        cells += [new_markdown_cell(f"## From {stem}"), *with_widgets]
    nbformat.write(new_notebook(cells=cells), root / "notebooks" / f"{LESSON}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_site, "ROOT", root)
        patch.setattr(make_site, "LIVE", {LESSON: marks})
        make_site.make(root / "site", live=True)
    return root / "site"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site; what it is told to spoil arrives with zeros in its second half, what it misses not at all;
    before: a line of JavaScript that the worker runs before its own; jspi: what takes the place of onnxruntime-web's
    program for graphics cards."""

    spoil = miss = before = jspi = None

    def log_message(self, *words):
        pass

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a page that is closed before all of it has arrived
            super().handle()

    def do_GET(self):
        if self.miss and self.miss in self.path:
            return self.send_error(404)
        data = b""
        if self.spoil and self.spoil in self.path:
            data = Path(self.translate_path(self.path)).read_bytes()
            data = data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
        if self.before and "worker.js" in self.path:
            data = self.before.encode() + Path(self.translate_path(self.path)).read_bytes()
        if self.jspi and "ort.jspi.min.mjs" in self.path:
            data = self.jspi.encode()
        if not data:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def serve(site):
    """serve(spoil=..., miss=...) gives the address of a server."""
    servers = []

    def start(**how):
        handler = type("Spoiling", (Handler,), how)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=site)))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture(scope="module")
def address(serve):
    return serve()


@pytest.fixture(scope="module")
def context(browser):  # noqa: F811
    """One reader, whose browser keeps what it has fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", has_touch=True)
    context.set_default_timeout(15_000)
    yield context
    context.close()


def watched(context, address):
    """A page, and a list that fills with its errors and with its requests to other hosts."""
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    own = (address, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    return page, wrong


@pytest.fixture
def page(context, address):
    """A page whose errors, and requests to other hosts, fail the test."""
    page, wrong = watched(context, address)
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(scope="module")
def lesson(context, address):
    """The page with every widget, opened once; its errors fail the last test that uses it."""
    page, wrong = watched(context, address)
    page.goto(f"{address}{LESSON}.html")
    yield page
    page.close()
    assert wrong == []


def drawn(page, widget, times=1):
    """The widget, once it has drawn so many times."""
    root = page.locator(f'.live[data-widget="{widget}"]')
    root.scroll_into_view_if_needed()
    page.wait_for_function("([w, n]) => document.querySelector(`.live[data-widget='${w}']`).dataset.drawn >= n",
                           arg=[widget, times], timeout=120_000)  # fmt: skip
    return root


def pixels(root):
    """The colours of all its sprites."""
    return np.array(
        root.evaluate("""root => [...root.querySelectorAll(".tiles canvas")].flatMap(
        (tile) => [...tile.getContext("2d").getImageData(0, 0, 16, 16).data])""")
    )


# --------------------------------------------------------------------------------------------------- the same numbers

ASK = """async (requests) => {
  const { ask } = await import(new URL("live/network.js", document.baseURI)), answers = [];
  const floats = (list) => (list ? Float32Array.from(list) : null);
  for (const { kind, ...given } of requests) {
    if (given.names) await ask("load", { names: given.names });
    let calls = 0, ticks = 0;
    const clock = setInterval(() => { ticks += 1; }, 10); // of the page, while its worker draws
    const float = { x: floats(given.x) ?? undefined, c: floats(given.c), negative: floats(given.negative) };
    const begin = performance.now();
    const answer = await ask(kind, { ...given, ...float }, { onstep: () => { calls += 1; } });
    answers.push({ answer: [...answer], calls, ticks, ms: performance.now() - begin });
    clearInterval(clock);
  }
  return answers;
}"""


def rows(*classes):
    return torch.eye(5)[list(classes)]


@pytest.fixture(scope="module")
def walks():
    """Walks from the same seed, by name, as the page is asked and as Python answers: classes, guidance, a negative,
    noise put back, prompts, three networks, the few steps. Last comes what the judge says of twelve real sprites."""
    unet, ab_t = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
    few, _ = du.load_model(du.WEIGHTS / "few_steps.pth", "cpu")
    linear_net, linear = du.load_model(du.WEIGHTS / "context_model_31.pth", "cpu")
    reader, _, known = prompts.load_prompts(device="cpu")
    asked = known.encode(["a wizard in a purple robe", "a slime, smiling", "a red robe"])
    wizard, slime, red = (dict(c=row.float().tolist()) for row in asked)
    c, away, few_c = rows(0, 2), rows(3, 3), rows(*(i % 5 for i in range(12)))
    flat = {"c": c.flatten().tolist(), "negative": away.flatten().tolist()}
    prompted = dict(order=2, eta=1, clip=True)
    scribbles = lesson_14.scribbles()[1][:2]
    requests = {
        "2M, guided, away": dict(network="unet", n=2, seed=3, w=2.0, settings=dict(steps=4, order=2, clip=True)) | flat,
        "DDPM": dict(network="unet", n=2, seed=7, c=flat["c"], settings=dict(steps=5, eta=1)),
        "the sprite course's network": dict(network="context_model_31", n=1, seed=5, settings=dict(steps=3, eta=1)),
        "one call": dict(network="few_steps", n=1, seed=1, c=rows(0).flatten().tolist(), walk="jumps",
                         settings=dict(steps=1)),
        "two prompts, away from a third": dict(network="prompts", n=2, seed=4, w=2.0, c=wizard["c"] + slime["c"],
                                               negative=2 * red["c"], settings=prompted | dict(steps=4)),
        "eight sprites of a prompt": dict(network="prompts", n=8, seed=1, w=2.0, c=8 * wizard["c"],
                                          settings=prompted | dict(steps=6)),
        "two scribbles, a quarter redrawn": dict(network="prompts", n=2, seed=5, laterSeed=5, w=2.0, strength=0.25,
                                                 x=scribbles.flatten().tolist(), c=wizard["c"] + slime["c"],
                                                 settings=prompted | dict(steps=20)),
        "twelve sprites, four calls": dict(network="few_steps", n=12, seed=1, laterSeed=2, walk="jumps",
                                           c=few_c.flatten().tolist(), settings=dict(steps=4)),
    }  # fmt: skip
    x, dice = torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(1)), torch.Generator().manual_seed(2)
    for t in (500, 375, 250, 125):  # lesson 11's jumps
        x = x if t == 500 else du.add_noise(x, t, torch.randn(x.shape, generator=dice), ab_t)
        with torch.no_grad():
            x = du.to_x0_eps(few(x, torch.full((12,), t / 500), few_c), x, t, ab_t, "v")[0].clamp(-1, 1)
    guided = du.Guided(reader, 2.0)
    z = torch.randn(scribbles.shape, generator=torch.Generator().manual_seed(5))
    *_, redrawn = du.sampler(guided, ab_t, du.add_noise(scribbles, 125, z, ab_t), asked[:2], **prompted,
                             times=du.sampling_times(125, 5), generator=torch.Generator().manual_seed(5))  # fmt: skip
    truth = {
        "2M, guided, away": du.sample(du.Guided(unet, 2.0, away), ab_t, 2, c, seed=3, steps=4, order=2, clip=True),
        "DDPM": du.sample(unet, ab_t, 2, c, seed=7, steps=5, eta=1.0),
        "the sprite course's network": du.sample(linear_net, linear, 1, seed=5, steps=3, eta=1.0),
        "one call": du.sample(few, ab_t, 1, rows(0), seed=1, steps=1).clamp(-1, 1),
        "two prompts, away from a third": du.sample(du.Guided(reader, 2.0, asked[2:]), ab_t, 2, asked[:2], seed=4,
                                                    steps=4, **prompted),
        "eight sprites of a prompt": du.sample(guided, ab_t, 8, asked[:1], seed=1, steps=6, **prompted),
        "two scribbles, a quarter redrawn": redrawn.x,
        "twelve sprites, four calls": x,
    }  # fmt: skip
    sprites = du.load_sprites("held_out", 12)
    requests = {name: dict(kind="walk", names=[asked["network"]]) | asked for name, asked in requests.items()}
    requests["judge"] = dict(kind="classify", names=["classifier"], x=sprites.x.flatten().tolist(), n=12)
    return requests, truth | {"judge": du.features_of(sprites.x)[1]}


def compare(answers, walks):
    """What the page answers is what Python says, and the page did not freeze meanwhile; returns a line for each, with
    how long it took."""
    requests, truth = walks
    assert sum(answer["ticks"] for answer in answers) > sum(answer["ms"] for answer in answers) / 10 / 8
    for (name, request), answer in zip(requests.items(), answers, strict=True):
        apart = (torch.tensor(answer["answer"]) - truth[name].flatten()).abs().max().item()
        assert apart < 2 / 255, f"{name}: {apart}"  # less than one of the 256 shades of a pixel
        if name == "judge":
            return
        assert answer["calls"] == round(request.get("strength", 1) * request["settings"]["steps"]), name
        yield f"{name}: {answer['ms']:.0f} ms in the browser, {answer['calls']} calls"


def test_the_networks_draw_what_they_draw_in_python(lesson, walks, capsys):
    drawn(lesson, "player")  # so that it does not compute meanwhile: the times are printed
    said = list(compare(lesson.evaluate(ASK, list(walks[0].values())), walks))
    busy = f"(on {os.cpu_count()} cores, for which {os.getloadavg()[0]:.1f} programs wait)"
    with capsys.disabled():
        print("", *said, busy, sep="\n", end="")


@pytest.mark.skipif(FIREFOX is None, reason="there is no firefox here: apt-get install firefox-esr")
def test_they_draw_the_same_in_firefox(address, walks):
    with Firefox() as firefox:
        firefox.open(f"{address}{LESSON}.html")
        for widget in WIDGETS:
            root = f"document.querySelector('.live[data-widget={widget}]')"
            firefox.evaluate(f"{root}.scrollIntoView()")
            firefox.until(f"{root}.dataset.drawn >= 1", seconds=120)
            if widget == WIDGETS[0]:  # those further down wait until they come near the screen
                assert firefox.evaluate("document.querySelectorAll('.sentence').length") < len(WIDGETS)
            assert firefox.evaluate(f"{root}.querySelector('.sentence').textContent.length") > 20
            assert firefox.evaluate(f"{root}.querySelectorAll('.wrong, .live-why').length") == 0
        answers = firefox.evaluate(f"({ASK})({json.dumps(list(walks[0].values()))})")
        assert len(list(compare(answers, walks))) == len(walks[0]) - 1
        film = "document.querySelector('.film-player {}')"
        for frame in (1, 0, 1):  # the same frame twice: Firefox hands it out closed
            slider, label = film.format("input"), film.format("output")
            firefox.evaluate(f"({slider}.value = {frame}, {slider}.oninput())")
            firefox.until(f"{label}.textContent.startsWith('{frame + 1} / ')", seconds=20)
        assert firefox.wrong == []


# ------------------------------------------------------------------------------------------------------ graphics cards
# Here a program plays the graphics card (SwiftShader), which the site leaves alone, for WebAssembly is faster; so the
# worker is told that it is a real one.

LOAD = 'async (names) => (await import(new URL("live/network.js", document.baseURI))).ask("load", { names })'
LOSE = 'async () => (await import(new URL("live/network.js", document.baseURI))).ask("lose")'
REAL = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });"
LOST = """{ const own = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...how) { return (self.card = await own.apply(this, how)); };
addEventListener("message", (event) => {
  if (event.data.kind !== "lose") return;
  event.stopImmediatePropagation();
  self.card.destroy();
  postMessage({ id: event.data.id, result: "lost" });
}); }"""
PATIENT = "{const own = setTimeout; self.setTimeout = (f, ms, ...more) => own(f, ms > 5000 ? 20 * ms : ms, ...more);}"
IMPATIENT = PATIENT.replace("20 * ms", "500")
CARD = """export const env = { wasm: {} };
export class Tensor {}
export const InferenceSession = { create: async () => ({ outputNames: ["y"], run: async () => %s }) };"""


@pytest.fixture(scope="module")
def card(browser):  # noqa: F811
    """Opens a page of a chromium with WebGPU, by the server's address; with a list that fills with what is fetched."""
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=flags)

    def open_page(address):
        page, fetched = chromium.new_context().new_page(), []
        page.context.on("request", lambda request: fetched.append(request.url))
        page.goto(f"{address}about.html")
        if page.evaluate("async () => !(await navigator.gpu?.requestAdapter())"):
            pytest.skip("this chromium has no WebGPU, not even one that a program plays")
        return page, fetched

    yield open_page
    chromium.close()


def test_a_graphics_card_draws_the_same_and_may_be_lost(card, serve, walks):
    page, fetched = card(serve(before=REAL + PATIENT + LOST))  # patient: a program that plays it begins slowly
    assert page.evaluate(LOAD, ["few_steps"]) == "webgpu"

    def one_call():
        answer = torch.tensor(page.evaluate(ASK, [walks[0]["one call"]])[0]["answer"])
        return (answer - walks[1]["one call"].flatten()).abs().max()

    assert one_call() < 1e-3  # its functions are rougher
    assert [url.rsplit("/", 1)[1] for url in fetched if url.endswith(".wasm")] == ["ort-wasm-simd-threaded.jspi.wasm"]
    assert page.evaluate(LOSE) == "lost"
    assert one_call() < 1e-4
    assert page.evaluate(LOAD, ["classifier"]) == "wasm"
    page.context.close()


@pytest.mark.parametrize("why, how, larger", [
    ("a program plays it", dict(), False),
    ("there is none", dict(before="GPU.prototype.requestAdapter = async () => null;"), False),
    ("nobody says", dict(before=IMPATIENT + "GPU.prototype.requestAdapter = () => new Promise(() => {});"), False),
    ("the browser is too old for it", dict(before=REAL + "delete WebAssembly.Suspending;"), False),
    ("the program does not arrive", dict(before=REAL, miss="jspi.mjs"), True),
    ("it is refused", dict(before=REAL + "GPUAdapter.prototype.requestDevice = () => Promise.reject(Error());"), True),
    ("it computes wrongly", dict(before=REAL, jspi=CARD % "({ y: { data: new Float32Array(768) } })"), True),
    ("it never answers", dict(before=REAL + IMPATIENT, jspi=CARD % "new Promise(() => {})"), True),
])  # fmt: skip
def test_without_a_good_graphics_card_webassembly_draws(card, serve, why, how, larger):
    page, fetched = card(serve(**how))
    assert page.evaluate(LOAD, ["few_steps"]) == "wasm"  # which has given Python's numbers: see the worker's verify
    assert any("jspi" in url for url in fetched) == larger  # what it cannot use is not fetched
    page.context.close()


# ------------------------------------------------------------------------------------------------------- the widgets


@pytest.mark.parametrize("widget, control, says", [
    ("player", "strength", "Diversity of the nine results: "),
    ("between", "to_seed", "From hero to food: "),
    ("studio", "seed", "The judge sees "),
    ("attempt", "calls", "Away from the top row by "),
    ("race", "seed", "Recognised as asked, of 10: DDPM "),
    ("compete", "seed", " of 20 recognised as asked"),
    ("typed", "seed", "read as: a king in a purple robe"),
    ("editing", "seed", "Your drawing, read as: a wizard in a purple robe"),
])  # fmt: skip
def test_each_widget_draws_and_answers_the_keyboard(lesson, widget, control, says):
    root = drawn(lesson, widget)
    assert says in root.locator(".sentence").inner_text() and not root.locator(".wrong").count()
    assert root.locator(".panel").is_visible()
    saved = root.locator(":scope > img, :scope > canvas")  # the picture, or the player on top of it
    assert any(picture.is_visible() for picture in saved.all()) == (widget in make_site.BESIDE)
    before = pixels(root)
    assert len(np.unique(before)) > 50
    root.get_by_label(control, exact=True).focus()
    lesson.keyboard.press("ArrowRight")
    drawn(lesson, widget, 2)
    after = pixels(root)
    assert before.shape == after.shape and (before != after).mean() > 0.005
    ARTIFACTS.mkdir(exist_ok=True)
    root.screenshot(path=ARTIFACTS / f"site_{widget}.png")


def test_the_studio_shows_the_sprites_that_python_draws(lesson):
    root = drawn(lesson, "studio")
    (unet, ab_t), seed = du.load_model(du.WEIGHTS / "unet.pth", "cpu"), int(root.get_by_label("seed").input_value())
    truth = du.sample(du.Guided(unet, 2.0), ab_t, 6, rows(2), seed=seed, steps=5, order=2, clip=True)
    apart = np.abs(pixels(root).reshape(6, 16, 16, 4)[..., :3] - du.to_pixels(truth).astype(int))
    assert apart.max() <= 2  # of 256 shades: both are rounded


def test_who_wants_less_motion_sees_the_end_and_others_each_step(lesson):
    root = drawn(lesson, "typed")
    seen = "() => window.turns"
    lesson.evaluate("""() => { window.turns = 0;
        new MutationObserver(() => { window.turns += 1; }).observe(
            document.querySelector(".live[data-widget='typed'] .film-bar output"), { childList: true }); }""")

    def again():
        times, before = int(root.get_attribute("data-drawn")), lesson.evaluate(seen)
        root.get_by_label("seed", exact=True).focus()
        lesson.keyboard.press("ArrowRight")
        drawn(lesson, "typed", times + 1)
        return lesson.evaluate(seen) - before

    assert again() == 1
    lesson.emulate_media(reduced_motion="no-preference")
    assert again() >= int(root.get_by_label("steps").input_value()) - 1
    lesson.emulate_media(reduced_motion="reduce")
    films = lesson.locator(".film-player button")  # those of the pictures that stay
    assert films.count() == 0 or set(films.all_inner_texts()) == {"play"}


def test_while_the_networks_are_on_their_way_the_page_says_how_far_they_are(browser, address):  # noqa: F811
    context = browser.new_context(reduced_motion="reduce")  # one who has fetched nothing yet
    page = context.new_page()
    page.add_init_script("""window.said = [];
        new MutationObserver(() => said.push(document.querySelector(".sentence")?.textContent)).observe(
            document, { childList: true, subtree: true });""")
    page.goto(f"{address}{LESSON}.html")
    drawn(page, WIDGETS[0])
    way = re.compile(r"The network is on its way: ([\d.]+) of ([\d.]+) MB")
    far = [(float(m[1]), float(m[2])) for text in page.evaluate("said") if (m := way.match(text or ""))]
    assert len({done for done, _ in far}) >= 3 and all(done <= total + 0.05 for done, total in far)
    assert max(total for _, total in far) > 14  # with the program that runs them
    # the second who asks for a network hears how far it is, too, and not only the first
    heard = page.evaluate("""async () => {
        const { ask } = await import(new URL("live/network.js", document.baseURI)), heard = [[], []];
        await Promise.all(heard.map((list) => ask("load", { names: ["context_model_31"] },
            { onprogress: ({ done, total }) => list.push(done / total) })));
        return heard;
    }""")
    assert heard[0] == heard[1] and heard[0][-1] == 1
    context.close()


def test_a_film_of_the_walk_can_be_turned_back(lesson):
    root = drawn(lesson, "studio")
    last, slider = pixels(root), root.get_by_label("frame")
    slider.focus()
    lesson.keyboard.press("Home")
    assert root.locator(".film-bar output").inner_text() == "t = 400"
    noise = pixels(root)
    assert np.abs(np.diff(noise)).mean() > 1.3 * np.abs(np.diff(last)).mean()
    lesson.keyboard.press("End")
    assert (pixels(root) == last).all()


def test_the_first_page_draws_one_at_a_click_also_on_a_phone(lesson, page, address):
    drawn(lesson, "studio")
    fetched = []
    page.context.on("request", lambda request: fetched.append(request.url))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}index.html")
    root = drawn(page, "one")
    assert any("worker.js" in url for url in fetched)
    assert not [url for url in fetched if url.endswith((".onnx", ".wasm"))]  # the other page has fetched them: kept
    first = pixels(root)
    root.get_by_role("button", name="a blue flame").click()
    drawn(page, "one", 2)
    root.get_by_role("button", name="draw me one").tap()
    drawn(page, "one", 3)
    assert root.locator(".sentence").inner_text().startswith("Read as: a blue flame. Drawn from the noise of seed ")
    assert (first != pixels(root)).mean() > 0.1 and root.locator(".shelf canvas").count() == 2
    with page.expect_download() as download:
        root.get_by_role("button", name="save it").click()
    assert download.value.suggested_filename == "sprite.png"
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "site_index_360.png")


def test_what_is_typed_is_drawn_and_what_cannot_be_read_leaves_all_as_it_is(lesson):
    root = drawn(lesson, "typed")
    prompt, negative = (root.get_by_label(name, exact=True) for name in ("prompt", "negative"))

    def ask(field, text):
        times = int(root.get_attribute("data-drawn"))
        field.fill(text)
        field.press("Enter")
        drawn(lesson, "typed", times + 1)
        return pixels(root)

    king = pixels(root)
    wizards = ask(prompt, "Gray wizards.")
    assert root.locator(".sentence").inner_text() == "read as: grey wizard"
    assert (king != wizards).mean() > 0.1
    for field, other in ((prompt, negative), (negative, prompt)):
        before = field.input_value()
        field.fill("a wizzard")
        field.press("Enter")
        complaint = root.locator(f"#{field.get_attribute('aria-describedby')}")
        complaint.get_by_text("never read the word 'wizzard': did you mean 'wizard'?").wait_for()
        assert field.get_attribute("aria-invalid") == "true" and other.get_attribute("aria-invalid") == "false"
        assert field.input_value() == "a wizzard" and (pixels(root) == wizards).all()
        assert (ask(field, before) == wizards).all() and complaint.inner_text() == ""
    assert (ask(negative, "a hat") != wizards).mean() > 0.01
    # a new text takes the place of a walk that is still under way
    times = int(root.get_attribute("data-drawn"))
    root.get_by_label("steps", exact=True).evaluate("(slider) => { slider.value = 20; slider.onchange(); }")
    prompt.fill("a blue flame")
    prompt.press("Enter")
    drawn(lesson, "typed", times + 1)
    lesson.wait_for_function("(root) => root.getAttribute('aria-busy') === 'false'", arg=root.element_handle())
    assert root.locator(".sentence").inner_text() == "read as: a blue flame"


def test_what_is_erased_is_filled_in_and_a_result_goes_back_into_the_editor(lesson):
    root = drawn(lesson, "editing")
    scribble, canvas = lesson_14.scribbles()[1][0], root.locator(".pe-canvas")
    root.get_by_role("button", name="fill the erased part").click()
    root.get_by_text("Nothing is erased: first wipe with the eraser").wait_for()

    def times():
        return int(root.get_attribute("data-drawn"))

    root.get_by_label("erase", exact=True).check()
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")  # not below the page's head
    box = canvas.bounding_box()
    for row in (0, 1, 2):
        lesson.mouse.move(box["x"] + 2, box["y"] + (row + 0.5) * box["height"] / 16)
        lesson.mouse.down()
        lesson.mouse.move(box["x"] + box["width"] - 2, box["y"] + (row + 0.5) * box["height"] / 16)
        lesson.mouse.up()
    before = times()
    root.get_by_role("button", name="fill the erased part").click()
    drawn(lesson, "editing", before + 1)
    assert root.locator(".sentence").inner_text().startswith("Its erased part, filled with: a wizard")
    made = pixels(root).reshape(8, 16, 16, 4)[..., :3]
    assert (made[:, 3:] == du.to_pixels(scribble)[3:]).all()  # what was not erased is there as it was
    assert (made[:, :3] != 255).any((1, 2, 3)).sum() >= 4
    ARTIFACTS.mkdir(exist_ok=True)
    root.screenshot(path=ARTIFACTS / "site_editing.png")
    root.get_by_role("button", name="edit result 3").click()
    row = canvas.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 5.5 * 40, 640, 1).data]"
    )  # in the middle of row 5
    assert (np.array(row).reshape(16, 40, 4)[:, 20, :3] == made[2, 5]).all()
    prompt = root.get_by_label("prompt", exact=True)
    prompt.fill("a wizzard")
    prompt.press("Enter")
    root.get_by_text("never read the word 'wizzard'").wait_for()
    assert (pixels(root).reshape(8, 16, 16, 4)[..., :3] == made).all()


def test_no_live_page_is_wider_than_a_phone(page, address):
    page.set_viewport_size({"width": 360, "height": 740})
    for stem in ("index", LESSON):
        page.goto(f"{address}{stem}.html", wait_until="domcontentloaded")
        drawn(page, "one" if stem == "index" else WIDGETS[0])
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, stem


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The pages of the whole site, without the networks."""
    return make_site.make(tmp_path_factory.mktemp("whole") / "site")


def test_no_page_is_wider_than_a_phone_with_all_solutions_open(browser, whole):  # noqa: F811
    context = browser.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce", has_touch=True)
    page, wide = context.new_page(), {}
    for file in whole:
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        page.evaluate("document.querySelectorAll('details').forEach((solution) => { solution.open = true; })")
        wide[file.stem] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert {stem: width for stem, width in wide.items() if width > 360} == {}


# --------------------------------------------------------------------------------------- where no network can run


@pytest.mark.parametrize("how, why", [
    (dict(spoil="prompts-"), "because it has arrived broken"),
    (dict(spoil="threaded.wasm"), "because it has arrived broken"),
    (dict(miss=".onnx"), "cannot be fetched (404)"),
    (dict(miss="ort.wasm.min.mjs"), "ort.wasm.min.mjs cannot be fetched"),
    (dict(miss="worker.js"), "cannot run the program"),
])  # fmt: skip
def test_what_arrives_broken_leaves_the_picture_and_a_reason(browser, serve, how, why):  # noqa: F811
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{serve(**how)}index.html")
    page.wait_for_selector(".live-why", timeout=60_000)
    root = page.locator(".live")
    saved = root.locator(":scope > img, :scope > canvas")  # the picture, or the player on top of it
    sentence = root.locator(".live-why").inner_text()
    assert sentence.startswith("The network cannot draw here, ") and why in sentence
    assert sentence.endswith("Here is its picture.")
    assert root.locator(".panel").count() == 0 and any(picture.is_visible() for picture in saved.all())
    context.close()


def test_an_old_browser_keeps_the_picture(browser, address):  # noqa: F811
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'WebAssembly', { value: undefined })")
    page.goto(f"{address}{LESSON}.html")
    assert page.locator(".live-why").first.inner_text().startswith("This browser is too old to run a network.")
    assert page.locator(".panel").count() == 0
    context.close()


def test_a_page_that_is_opened_as_a_file_reads_and_says_what_is_missing(browser, site):  # noqa: F811
    context = browser.new_context()
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.goto((site / "index.html").as_uri())
    assert "opened as a file" in page.locator(".live-why").inner_text()
    page.get_by_label("Search all lessons").fill("guidance")
    page.wait_for_selector("#hits a")
    assert wrong == [] and page.evaluate("getComputedStyle(document.querySelector('.cards')).display") == "grid"
    context.close()


# -------------------------------------------------------------------------------------------------- reading the pages


def test_the_search_leads_to_the_section(page, address):
    page.goto(f"{address}index.html")
    page.keyboard.press("/")
    page.keyboard.type("sprite course weights")
    page.wait_for_selector("#hits a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/*.html#*")
    page.get_by_label("Search all lessons").fill("zzyzx")
    assert page.locator("#hits").inner_text() == "No lesson says that."


def test_code_can_be_copied(page, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address.rstrip("/"))
    page.goto(f"{address}index.html")
    block = page.locator(".highlight").first
    block.hover()
    block.get_by_role("button", name="copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == "make lab\n"


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make site-packages")
def test_axe_finds_nothing_serious(lesson, page, address):
    for widget in WIDGETS:
        drawn(lesson, widget)
    serious = audited(lesson)
    page.goto(f"{address}index.html")
    drawn(page, "one")
    assert serious + audited(page) == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make site-packages")
def test_axe_finds_nothing_serious_on_any_page_without_the_networks(browser, whole):  # noqa: F811
    context, serious = browser.new_context(reduced_motion="reduce"), []
    page = context.new_page()
    for file in whole:
        page.goto(file.as_uri())
        serious += audited(page)
    context.close()
    assert serious == []


def audited(page):
    """What axe-core finds serious or critical in the page, by daylight and in the dark."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found, papers = [], []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)  # a figure that changes its colours, too, does so with the next frame
        papers.append(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"))
        only = ["color-contrast"] if scheme == "dark" else None  # nothing else is different in the dark
        result = page.evaluate(
            "(only) => axe.run({ resultTypes: ['violations'], ...(only && { runOnly: only }) })", only
        )
        for violation in result["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append(f"{page.url}, {scheme}: {violation['id']} {violation['nodes'][0]['html'][:200]}")
    assert min(papers[0]) > 240 and max(papers[1]) < 40
    return found
