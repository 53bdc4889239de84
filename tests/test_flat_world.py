"""The flat world: its numbers are those of diffusion_utilities, and it answers mouse, touch and keyboard.

The mathematics of flat_world.js is run in chromium and compared with PerfectDenoiser and the sampler in float64; what
the figures look like on a page is left in artifacts/, which git ignores.
"""

import base64
import io
import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from test_browser import ARTIFACTS, CHROMIUM, KERNEL, browser, lab  # noqa: F401

import diffusion_utilities as du
import explore
from plumbing import build, make_site

FACES = sorted(explore.FACES)
FILMS = {"noise", "ddpm", "ddim", "guidance", "flow"}
SCHEDULES = ("cosine", "linear", "rescaled")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def bundles():
    """What each face gives to a notebook: (data, metadata)."""
    return {face: explore.flat_world(face)._repr_mimebundle_() for face in FACES}


def picture_of(bundle):
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


# ------------------------------------------------------------------------------------------------- without a browser


@pytest.mark.parametrize("face", FACES)
def test_each_face_leaves_a_small_picture_with_words(bundles, face):
    data, metadata = bundles[face]
    assert len(base64.b64decode(data["image/png"])) < 220_000
    assert picture_of(data).n_frames > 1 if face in FILMS else picture_of(data).n_frames == 1
    assert metadata["image/png"]["alt"] == data["text/plain"] and len(data["text/plain"]) > 40
    settings = metadata["image/png"]["flat_world"]
    assert settings["face"] == face and json.loads(json.dumps(settings)) == settings


def test_a_film_moves_and_the_noise_spreads(bundles):
    frames = explore.flat_world("noise").picture.frames
    coloured = [np.ptp(frame, 2) > 40 for frame in (frames[0], frames[-1])]
    first, last = (np.argwhere(pixels).std(0).mean() for pixels in coloured)
    assert last > 1.2 * first


def test_the_script_in_a_cell_is_small_and_the_same_program(bundles):
    assert len(explore.SCRIPT_IN_CELL.encode()) < 40_000
    code = [line.strip() for line in explore.SCRIPT.splitlines() if line.strip() and not line.strip().startswith("//")]
    assert explore.SCRIPT_IN_CELL.split("\n") == [*code, ""]
    assert all(data["text/html"].count("<script>") == 1 for data, _ in bundles.values())


@pytest.mark.parametrize("face, settings, words", [
    ("nose", {}, "the face must be one of noise, guess"),
    ("guess", {"w": 2}, "has no setting w: it has t, x, guess"),
    ("guess", {"t": 0}, "t must be a whole number in 1..500"),
    ("guess", {"t": 2.5}, "whole number"),
    ("noise", {"t": 501}, "0..500"),
    ("guess", {"x": 3}, "x must be a pair"),
    ("guidance", {"w": 9}, "w must be a number in -2..8"),
    ("2m", {"steps": 100}, "2..30"),
    ("ddim", {"seed": -1}, "seed must be a whole number"),
    ("ddim", {"schedule": "cubic"}, "schedule must be"),
    ("ddim", {"points": [(0, 0), (1, 2)], "labels": [0, 1]}, "pairs of numbers in"),
    ("ddim", {"points": [(0, 0), (1, 1)], "labels": [0, 0]}, "both must occur"),
    ("ddim", {"points": [(0, 0)], "labels": [0, 1]}, "each point needs a label"),
])  # fmt: skip
def test_bad_settings_are_refused_in_a_sentence(face, settings, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        explore.flat_world(face, **settings)


def test_other_points_and_numpy_numbers_are_taken():
    points = np.linspace(-1, 1, 8).reshape(4, 2)
    figure = explore.flat_world("noise", points=points, labels=np.array([0, 1, 1, 0]), t=np.int64(0), copies=3)
    assert figure.settings["points"] == points.tolist() and figure.settings["t"] == 0
    assert len(figure.picture.frames) > 10


def test_the_fixed_noise_is_normal():
    z = explore.normals(0, 20_000)
    assert np.abs(z.mean(0)).max() < 0.03 and np.abs(np.cov(z.T) - np.eye(2)).max() < 0.04
    assert (explore.normals(0, 5) == z[:5]).all() and not np.allclose(explore.normals(1, 5), z[:5])


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_without_the_noise_put_back_the_cloud_collapses(schedule):
    """The film of the face "ddpm" shows it: all twelve points are reached with the noise, one or two without."""
    world = explore.World(explore.RING + explore.CLUSTER, [0] * 7 + [1] * 5, schedule)
    x, z = explore.normals(0, 60), explore.normals(1, 6000).reshape(100, 60, 2)
    reached = [len(set(world.nearest(world.ddpm(x, 100, z, extra)[-1]))) for extra in (1.0, 0.0)]
    assert reached[0] >= 10 and reached[1] <= 2


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_films_walk_as_the_sampler_does(schedule):
    """`World.walk` is the sampler; DDPM with given noises and DDIM through given times are written out, and agree."""
    world, x = explore.World(explore.RING + explore.CLUSTER, [0] * 7 + [1] * 5, schedule), explore.normals(3, 9)
    generator = torch.Generator().manual_seed(1)
    z = torch.stack([torch.empty(9, 2, 1, 1).normal_(generator=generator) for _ in range(20)])  # the last goes unused
    for extra in (1.0, 0.0):
        true = world.walk(x, steps=20, eta=1, extra_noise=extra, generator=generator.manual_seed(1))
        assert np.allclose(world.ddpm(x, 20, z.reshape(20, 9, 2).numpy(), extra), true, atol=1e-9)
    assert np.allclose(world.ddim(x, du.sampling_times(500, 20)), world.walk(x, steps=20), atol=1e-9)
    up = [max(t, 1) for t in reversed(du.sampling_times(500, 20))]
    noise = du.invert(world.denoiser, world.ab_t, world.image(world.points), steps=20).reshape(-1, 2).numpy()
    assert np.allclose(world.ddim(world.points, up)[-1], noise, atol=1e-9)


# ------------------------------------------------------------------------------------------------------- in a browser


def page_with(browser, html, tail="", **context):  # noqa: F811
    """A page that holds the HTML; `page.complaints` gathers what goes wrong in it."""
    page = browser.new_context(
        **({"reduced_motion": "reduce", "viewport": {"width": 1000, "height": 700}} | context)
    ).new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.set_content(f'<!doctype html><meta name="viewport" content="width=device-width"><body>{html}{tail}</body>')
    return page


def figure(face, **settings):
    return explore.flat_world(face, **settings)._repr_mimebundle_()[0]["text/html"]


@pytest.fixture(scope="module")
def mathematics(browser):  # noqa: F811
    """Runs JavaScript with F (what a figure shows to tests) and A (the arguments) in chromium."""
    page = page_with(browser, figure("guess"))
    yield lambda code, **A: page.evaluate(
        f"A => {{ const F = document.querySelector('.flat-world').flatWorld; {code} }}", A
    )
    assert page.complaints == []


class Both:
    """A random flat world in torch, and the words that make the same in JavaScript."""

    def __init__(self, schedule, seed):
        rng = np.random.default_rng(seed)
        self.points, self.labels = rng.uniform(-1, 1, (12, 2)), [0] * 7 + [1] * 5
        self.world = explore.World(self.points, self.labels, schedule)
        self.denoiser, self.ab_t = self.world.denoiser, self.world.ab_t
        self.x, self.t = rng.normal(size=(20, 2)), rng.integers(1, 501, 20).tolist()
        self.arguments = dict(points=self.points.tolist(), labels=self.labels, schedule=schedule, T=500,
                              xs=self.x.tolist(), ts=self.t)  # fmt: skip

    def images(self):
        return torch.from_numpy(self.x).reshape(-1, 2, 1, 1)

    def one_hot(self, c):
        return torch.nn.functional.one_hot(torch.tensor([c]), 2).double()

    def sampled(self, model=None, c=None, **how):
        steps = du.sampler(model or self.denoiser, self.ab_t, self.images(), c, **how)
        return np.stack([step.x.reshape(-1, 2).numpy() for step in steps], 1)  # (20, steps, 2)


NEW = "const W = new F.World(A); "


@needs_chromium
@pytest.mark.parametrize("T", [1, 10, 500])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_schedule_is_the_same(mathematics, schedule, T):
    assert np.allclose(mathematics("return F.alphaBar(A.schedule, A.T)", schedule=schedule, T=T),
                       du.noise_schedule(schedule, T), rtol=1e-9, atol=1e-12)  # fmt: skip


@needs_chromium
def test_times_and_noise_are_the_same(mathematics):
    for n in (1, 2, 3, 7, 16, 50, 499, 500):
        assert mathematics("return F.samplingTimes(500, A.n)", n=n) == du.sampling_times(500, n)
    for seed in (0, 1, 12345):
        z = mathematics("return Array.from({length: 300}, (_, k) => F.normal(A.seed, k))", seed=seed)
        assert np.allclose(z, explore.normals(seed, 300), atol=1e-12)


@needs_chromium
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_posterior_mean_is_the_same(mathematics, schedule, seed):
    both = Both(schedule, seed)
    for c in (None, 0, 1):
        got = mathematics(NEW + "return A.xs.map((x, i) => W.posteriorMean(x, A.ts[i], A.c))", **both.arguments, c=c)
        context = None if c is None else both.one_hot(c)
        true = [both.denoiser(x[None], t / 500, context).flatten().numpy() for x, t in zip(both.images(), both.t)]
        assert np.allclose(got, true, atol=1e-5), c
    w = mathematics(NEW + "return A.xs.map((x, i) => W.weights(x, A.ts[i]))", **both.arguments)
    assert np.allclose(w, [both.world.weights([x], t)[0] for x, t in zip(both.x, both.t)], atol=1e-5)


@needs_chromium
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("n", [7, 50])
def test_every_step_is_the_same(mathematics, schedule, seed, n):
    """DDPM with the same noises, DDIM, 2M and guided DDIM: whole walks of n steps, compared after each step."""
    both, times = Both(schedule, seed), du.sampling_times(500, n)

    def walk(step, **more):
        code = NEW + f"return A.xs.map((x, k) => W.walk(x, A.times, {step}).slice(1))"
        return mathematics(code, **both.arguments, times=times, **more)

    generator, same = (torch.Generator().manual_seed(5) for _ in range(2))
    z = [torch.empty(20, 2, 1, 1).normal_(generator=same).reshape(20, 2).tolist() for _ in times[2:]]
    for extra in (1.0, 0.0):
        got = walk("(y, t, s, i) => W.ddpmStep(y, t, s, A.z[i] && A.z[i][k], A.extra)", z=z, extra=extra)
        generator.manual_seed(5)
        assert np.allclose(got, both.sampled(steps=n, eta=1, extra_noise=extra, generator=generator), atol=1e-5)
    assert np.allclose(walk("(y, t, s) => W.ddimStep(y, t, s)"), both.sampled(steps=n), atol=1e-5)
    got = mathematics(NEW + "return A.xs.map((x) => W.twoM(x, A.times).slice(1))", **both.arguments, times=times)
    assert np.allclose(got, both.sampled(steps=n, order=2), atol=1e-5)
    for w, c in ((-1, 0), (0, 1), (1, 1), (2.5, 0)):
        got = walk("(y, t, s) => W.guidedStep(y, t, s, A.c, A.w)", w=w, c=c)
        true = both.sampled(du.Guided(both.denoiser, w), both.one_hot(c), steps=n)
        assert np.allclose(got, true, rtol=1e-6, atol=1e-5)


@needs_chromium
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_inversion_is_the_same(mathematics, schedule):
    both, n = Both(schedule, 0), 40
    both.x = both.points + 1e-4
    both.arguments["xs"] = both.x.tolist()
    up = [max(t, 1) for t in reversed(du.sampling_times(500, n))]
    got = mathematics(NEW + "return A.xs.map((x) => W.walk(x, A.up, (y, t, s) => W.invertStep(y, t, s)).at(-1))",
                      **both.arguments, up=up)  # fmt: skip
    true = du.invert(both.denoiser, both.ab_t, both.images().clamp(-1, 1), steps=n).reshape(-1, 2).numpy()
    assert np.allclose(got, true, atol=1e-5)


@needs_chromium
def test_the_expected_error_is_least_at_the_weighted_mean(mathematics):
    """By trying: of guesses on a grid around it none expects a smaller squared error, and the error is the sum's."""
    both = Both("cosine", 3)
    code = (
        NEW
        + """const w = W.weights(A.xs[0], 200), m = W.posteriorMean(A.xs[0], 200), around = [];
      for (let i = -20; i <= 20; i++) for (let j = -20; j <= 20; j++) around.push([m[0] + i / 10, m[1] + j / 10]);
      return [m, around.map((guess) => [guess, W.expectedError(w, guess)])]"""
    )
    mean, errors = mathematics(code, **both.arguments)
    best, _ = min(errors, key=lambda pair: pair[1])
    assert np.allclose(best, mean, atol=1e-9)
    w = both.world.weights([both.x[0]], 200)[0]
    guess, error = errors[0]
    assert np.isclose(error, w @ np.square(both.points - guess).sum(1))


# What a figure shows: the state, the picture's words, how often it was drawn.
LOOK = """root => { const { live, world } = root.flatWorld; return { ...live.state, data: world.points,
  redraws: live.redraws, words: live.canvas.getAttribute('aria-label'), theme: live.box.style.colorScheme,
  pixels: [live.canvas.width, live.stage.clientWidth] } }"""


def place(page, i, point, which=0):
    """Where a point of the plane lies on the page."""
    return page.evaluate("""([i, p]) => { const { live } = document.querySelectorAll('.flat-world')[i].flatWorld;
      const box = live.stage.getBoundingClientRect(), [x, y] = live.drawing.at(p);
      return [box.left + x, box.top + y]; }""",
                         [which, point])  # fmt: skip


@needs_chromium
@pytest.mark.parametrize("face", FACES)
def test_a_face_is_complete_and_named(browser, bundles, face):  # noqa: F811
    """Every control has a name, the picture's words hold the readout, nothing is left in the page's globals."""
    page = page_with(browser, "<p>a page</p>")
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    page.evaluate("html => document.body.append(document.createRange().createContextualFragment(html))",
                  bundles[face][0]["text/html"])  # fmt: skip
    root = page.locator(".flat-world")
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) == before
    assert not root.locator("img").is_visible() and root.locator("canvas").is_visible()
    seen = root.evaluate(LOOK)
    for sentence in root.locator(".readout p").all_inner_texts():
        assert sentence.endswith(".") and sentence.replace("\xa0", " ") in seen["words"].replace("\xa0", " ")
        assert "NaN" not in sentence and "undefined" not in sentence
    assert root.locator("[role=img]").get_attribute("aria-label").startswith(bundles[face][0]["text/plain"])
    for control in root.locator("input, button").all():
        assert control.evaluate(
            "c => (c.labels?.length ? c.labels[0].innerText : c.ariaLabel || c.innerText).length > 2"
        )
    assert root.locator(".handle").count() == 12 + len({"x", "guess"} & set(seen))
    assert page.complaints == []
    page.context.close()


@needs_chromium
@pytest.mark.parametrize("face", FACES)
def test_every_control_and_every_mark_changes_the_picture(browser, bundles, face, capsys):  # noqa: F811
    """Each answers within the event, before the browser goes on: the picture is another one, and has other words."""
    page = page_with(browser, bundles[face][0]["text/html"])
    times = page.locator(".flat-world").evaluate("""root => {
      const { live } = root.flatWorld, box = root.shadowRoot, times = [];
      const act = (name, event) => {
        const before = live.canvas.toDataURL(), drawn = live.redraws, begin = performance.now();
        event();
        const ms = performance.now() - begin;
        times.push([name, live.redraws - drawn, live.canvas.toDataURL() !== before, ms]);
      };
      for (const slider of box.querySelectorAll('input[type=range]')) act(slider.labels[0].innerText, () => {
        slider.value = slider.valueAsNumber - 2 * slider.step; slider.dispatchEvent(new Event('input')); });
      for (const handle of box.querySelectorAll('.handle')) act(handle.ariaLabel, () => handle.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true })));
      const rest = 'input[type=radio]:not(:checked), input[type=checkbox], button.act:not(.play)';
      for (const other of box.querySelectorAll(rest))
        act(other.labels?.[0]?.innerText || other.innerText, () => other.click());
      return times; }""")
    assert len(times) >= 13
    assert [row for row in times if row[1] != 1 or not row[2]] == []
    slowest = max(times, key=lambda row: row[3])
    typical = np.median([row[3] for row in times])
    with capsys.disabled():
        print(f"\n{face}: median {typical:.0f} ms, slowest {slowest[3]:.0f} ms ({slowest[0]!r})")
    assert typical < 1000  # 50 are promised; here the machine may be busy
    page.context.close()


@needs_chromium
def test_a_mouse_drags_a_data_point_and_each_move_draws_once(browser):  # noqa: F811
    page = page_with(browser, figure("guess"))
    root = page.locator(".flat-world")
    before = root.evaluate(LOOK)
    page.mouse.move(*place(page, 0, before["data"][3]))
    page.mouse.down()
    page.mouse.move(*place(page, 0, [-0.2, 0.5]), steps=5)
    page.mouse.up()
    after = root.evaluate(LOOK)
    assert np.allclose(after["data"][3], [-0.2, 0.5], atol=0.02)
    assert after["data"][:3] + after["data"][4:] == before["data"][:3] + before["data"][4:]
    assert after["redraws"] - before["redraws"] == 5
    assert after["words"] != before["words"]
    page.mouse.move(*place(page, 0, [1, 1]))  # let go is let go
    assert root.evaluate(LOOK)["redraws"] == after["redraws"]
    page.mouse.click(*place(page, 0, [1.4, 1.4]))  # and a click on an empty place puts x_t there
    assert np.allclose(root.evaluate(LOOK)["x"], [1.4, 1.4], atol=0.02)
    page.context.close()


@needs_chromium
def test_the_keyboard_moves_a_point_and_the_page_does_not_hear_of_it(browser):  # noqa: F811
    page = page_with(
        browser, figure("guess") + "<script>document.onkeydown = () => { heard = true }; var heard = false</script>"
    )
    root = page.locator(".flat-world")
    before = root.evaluate(LOOK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('.flat-world').shadowRoot.activeElement.ariaLabel").startswith(
        "the noisy"
    )
    page.evaluate("heard = false")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    after = root.evaluate(LOOK)
    assert np.allclose(np.subtract(after["x"], before["x"]), [0.11, -0.05])
    assert np.allclose(np.subtract(after["data"], before["data"])[0], [-0.05, 0])
    assert not page.evaluate("heard") and page.evaluate("scrollY") == 0
    for _ in range(60):
        page.keyboard.press("ArrowLeft")  # as far as the plane reaches
    assert root.evaluate(LOOK)["data"][0][0] == -1.75
    page.context.close()


@needs_chromium
def test_a_finger_drags_a_point_and_elsewhere_it_scrolls(browser):  # noqa: F811
    page = page_with(browser, figure("ddim") + "<div style='height:2000px'></div>", has_touch=True, is_mobile=True,
                     viewport={"width": 390, "height": 800})  # fmt: skip
    root, touch = page.locator(".flat-world"), page.context.new_cdp_session(page)
    before = root.evaluate(LOOK)

    def swipe(start, end):
        for kind, point in (
            ("touchStart", start),
            *[("touchMove", (1 - u) * start + u * end) for u in (0.2, 0.6, 1.0)],
        ):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    start, end = (np.array(place(page, 0, p)) for p in (before["x"], [1.0, 1.5]))
    swipe(start, end)
    after = root.evaluate(LOOK)
    assert np.allclose(after["x"], [1.0, 1.5], atol=0.05) and page.evaluate("scrollY") == 0
    swipe(*(np.array(place(page, 0, p)) for p in ([-2.3, -2.3], [-2.3, 1.0])))
    page.wait_for_function("scrollY > 20")
    assert root.evaluate(LOOK)["x"] == after["x"]
    sizes = root.locator(".handle").evaluate_all(
        "handles => handles.map((h) => [h.offsetWidth, getComputedStyle(h).touchAction])"
    )
    assert all(size == [30, "none"] for size in sizes)
    page.context.close()


@needs_chromium
def test_several_on_a_page_do_not_disturb_each_other(browser):  # noqa: F811
    page = page_with(browser, figure("guess") + figure("guess") + figure("ddpm"))
    first, second, third = page.locator(".flat-world").all()
    before = [f.evaluate(LOOK) for f in (first, second, third)]
    second.locator(".handle").nth(2).press("ArrowUp")
    second.locator("input[type=range]").press("ArrowRight")
    after = [f.evaluate(LOOK) for f in (first, second, third)]
    assert after[0] == before[0] and after[2] == before[2]
    assert after[1]["t"] == before[1]["t"] + 1 and after[1]["data"] != before[1]["data"]
    ids = page.evaluate(
        "[...document.querySelectorAll('.flat-world')]"
        ".flatMap((root) => [...root.shadowRoot.querySelectorAll('[id]')].map((element) => element.id))"
    )
    assert len(ids) == len(set(ids)) >= 4
    page.context.close()


@needs_chromium
def test_it_plays_by_itself_unless_less_motion_is_wanted(browser):  # noqa: F811
    html = figure("noise", seconds=0.5)
    quiet = page_with(browser, html)
    quiet.wait_for_timeout(400)
    assert quiet.locator(".flat-world").evaluate(LOOK)["t"] == 120
    quiet.locator("button.play").click()  # asked for, it plays
    quiet.wait_for_function("document.querySelector('.flat-world').flatWorld.live.state.t === 500")
    assert quiet.locator("button.play").inner_text() == "play"
    quiet.context.close()
    lively = page_with(browser, html, reduced_motion="no-preference")
    lively.wait_for_function("document.querySelector('.flat-world').flatWorld.live.state.t === 500")
    lively.context.close()
    still = page_with(browser, figure("noise", autoplay=False), reduced_motion="no-preference")
    still.wait_for_timeout(400)
    assert still.locator(".flat-world").evaluate(LOOK)["t"] == 120
    still.locator("button.play").click()
    still.locator("input[type=range]").press("ArrowLeft")  # the scrubber takes over
    assert still.locator("button.play").inner_text() == "play"
    still.context.close()


@needs_chromium
def test_dark_and_light_and_fine_screens(browser):  # noqa: F811
    """The figure follows the colour of the text around it, also when that changes, and is as fine as the screen."""
    page = page_with(browser, figure("2m"), device_scale_factor=2)
    root = page.locator(".flat-world")
    seen = root.evaluate(LOOK)
    assert seen["theme"] == "light" and seen["pixels"][0] == 2 * seen["pixels"][1]
    corner = "r => [...r.flatWorld.live.canvas.getContext('2d').getImageData(5, 5, 1, 1).data.slice(0, 3)]"
    assert min(root.evaluate(corner)) > 230
    page.evaluate("document.body.style.cssText = 'color: color(srgb 0.9 0.9 0.9); background: #111'")
    page.wait_for_function("document.querySelector('.flat-world').flatWorld.live.box.style.colorScheme === 'dark'")
    assert max(root.evaluate(corner)) < 60
    page.context.close()


@needs_chromium
def test_without_scripts_the_picture_stays(browser):  # noqa: F811
    page = page_with(browser, figure("guess"), java_script_enabled=False)
    image = page.locator(".flat-world img")
    assert image.is_visible() and image.bounding_box()["width"] == 420 and "weighted mean" in image.get_attribute("alt")
    page.context.close()


@needs_chromium
def test_put_your_guess_on_the_mean_and_the_two_errors_are_equal(browser):  # noqa: F811
    page = page_with(browser, figure("guess"))
    root = page.locator(".flat-world")

    def errors():
        return [float(text.split()[-1].rstrip(".")) for text in root.locator(".readout p").all_inner_texts()[1:3]]

    yours, least = errors()
    assert yours > least + 0.5
    root.get_by_role("button", name="the likeliest point").click()
    assert yours > errors()[0] > least
    root.get_by_role("button", name="the weighted mean").click()
    assert errors() == [least, least]
    page.context.close()


@needs_chromium
@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_switch_shows_the_collapse(browser, schedule):  # noqa: F811
    page = page_with(browser, figure("ddpm", schedule=schedule))

    def reached():
        return int(page.locator(".readout p").last.inner_text().split("reached ")[1].split()[0])

    assert reached() >= 10
    page.get_by_label("put the noise back").uncheck()
    assert reached() <= 2
    page.get_by_label("rescaled").check()
    assert page.locator(".flat-world").evaluate("root => root.flatWorld.world.ab[250]") == pytest.approx(
        du.noise_schedule("rescaled")[250].item()
    )
    page.context.close()


# ------------------------------------------------------------------------------------------- the site and JupyterLab


@pytest.fixture
def site(tmp_path, monkeypatch, bundles):
    """A site of one lesson with two figures, and a lesson without, from notebooks as build.py leaves them."""
    root = tmp_path / "course"
    (root / "notebooks" / "pictures").mkdir(parents=True)
    (root / "weights").mkdir()
    for readme in map(root.joinpath, make_site.TEXTS.values()):
        readme.parent.mkdir(parents=True, exist_ok=True)
        readme.write_text("# A title\n", encoding="utf-8")
    for stem, faces in (("01_flat", ("guess", "ddpm")), ("02_other", ())):
        cells = [new_markdown_cell(f"# {stem[1]}. A lesson")]
        for face in faces:
            data, metadata = bundles[face]
            output = new_output("execute_result", data, metadata=metadata, execution_count=1)
            cells.append(new_code_cell(f"explore.flat_world({face!r})", outputs=[output]))
        notebook = build.tidy(new_notebook(cells=cells))
        nbformat.validate(notebook)
        assert all(set(o.data) == {"image/png", "text/plain"} for c in notebook.cells for o in c.get("outputs", []))
        nbformat.write(notebook, root / "notebooks" / f"{stem}.ipynb")
    monkeypatch.setattr(make_site, "ROOT", root)
    make_site.make(tmp_path / "site")
    return tmp_path / "site"


def test_the_site_has_the_script_once_and_the_picture_inside(site):
    page, other = (Path(site / name).read_text(encoding="utf-8") for name in ("01_flat.html", "02_other.html"))
    assert page.count('<script src="flat_world.js">') == 1 and "flat_world.js" not in other
    assert page.count('<div class="flat-world"') == page.count('<img alt="') == 2
    assert "class World" not in page and "class World" in (site / "flat_world.js").read_text(encoding="utf-8")
    assert make_site.broken_links(site) == []


@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
def test_the_site_shows_it_live_at_every_width(site, browser, width):  # noqa: F811
    page = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce").new_page()
    page.goto((site / "01_flat.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for root in page.locator(".flat-world").all():
        canvas, side = root.locator("canvas").bounding_box(), root.locator(".side").bounding_box()
        assert canvas["width"] == canvas["height"] == (480 if width == 1280 else 342)
        assert side["y"] > canvas["y"] + canvas["height"] if width == 390 else side["x"] > canvas["x"] + 480
    root = page.locator(".flat-world").first
    before = root.evaluate(LOOK)
    root.locator(".handle").first.press("ArrowUp")
    assert root.evaluate(LOOK)["x"][1] == pytest.approx(before["x"][1] + 0.05)
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"flat_world_site_{width}.png", full_page=True)
    page.context.close()


@needs_chromium
def test_an_export_by_nbconvert_is_live(browser, bundles, tmp_path):  # noqa: F811
    data, metadata = bundles["invert"]
    output = new_output("execute_result", data, metadata=metadata, execution_count=1)
    notebook = new_notebook(cells=[new_code_cell("explore.flat_world('invert')", outputs=[output])])
    (tmp_path / "export.html").write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto((tmp_path / "export.html").as_uri())
    root = page.locator(".flat-world[data-live]")
    before = root.evaluate(LOOK)
    root.locator(".handle").first.press("ArrowUp")
    assert root.evaluate(LOOK)["words"] != before["words"]
    page.context.close()


@needs_chromium
def test_in_jupyterlab_the_arrow_keys_move_the_point_and_not_the_cells(lab, browser):  # noqa: F811
    page = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce").new_page()
    page.goto(f"{lab}/lab?reset")
    page.wait_for_function("() => window.jupyterapp?.serviceManager.isReady")
    cells = [new_code_cell("import sys\nsys.path[:0] = ['..', '.']\nimport explore\nexplore.flat_world('guess')"),
             new_code_cell("explore.flat_world('guidance')")]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    content = {"type": "notebook", "format": "json", "content": new_notebook(cells=cells, metadata=kernel)}
    save = "what => jupyterapp.serviceManager.contents.save('notebooks/flat.ipynb', what).then(() => null)"
    page.evaluate(save, content)
    page.goto(f"{lab}/lab/tree/notebooks/flat.ipynb?reset")
    page.wait_for_function(f"() => window.jupyterapp && {KERNEL}?.status === 'idle'", timeout=120_000)
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    figures = page.locator(".flat-world[data-live]")
    figures.nth(1).wait_for(timeout=120_000)
    assert figures.count() == 2
    root, active = figures.first, "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    root.scroll_into_view_if_needed()
    x, y = place(page, 0, root.evaluate(LOOK)["x"])
    page.mouse.click(x, y)
    before, cell = root.evaluate(LOOK), page.evaluate(active)
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "b"):  # in Lab's command mode b would make a cell
        page.keyboard.press(key)
    after = root.evaluate(LOOK)
    assert np.allclose(np.subtract(after["x"], before["x"]), [0.05, -0.1])
    assert page.evaluate(active) == cell
    assert page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length") == 2
    slider = root.locator("input[type=range]")
    slider.press("ArrowRight")
    assert root.evaluate(LOOK)["t"] == before["t"] + 1 and page.evaluate(active) == cell
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "flat_world_lab.png")
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_function("document.querySelector('.flat-world').flatWorld.live.box.style.colorScheme === 'dark'")
    page.screenshot(path=ARTIFACTS / "flat_world_lab_dark.png")
    page.context.close()
