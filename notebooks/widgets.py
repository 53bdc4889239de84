"""The widgets of the lessons: `try_it` puts controls around any function that returns a Picture, `dashboard` around a
training. Plain ipywidgets, so they work in JupyterLab, the classic Notebook and VS Code.

In a saved notebook, where no kernel answers, the picture that a widget showed first stands in its place.
"""

import base64
import functools
import html
import itertools
import threading
import time
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

import diffusion_utilities as du

SLOW = 0.05  # seconds; a function that takes longer is called when a control is let go, not while it moves
SAVED = Path("saved")  # where the save buttons write, beside the lesson; git ignores it


class Shown:
    """What a panel keeps of a Picture: a file for each frame, without the pixels; the first also keeps it whole."""

    def __init__(self, picture, first):
        self.frames, self.labels, self.alt = picture.frame_pngs, picture.labels, picture.alt
        self.png = picture.png() if first else None


class Panel(ipywidgets.VBox):
    """Controls, a sentence and a picture, one below the other. A film gets play, pause and a scrubber."""

    def __init__(self):
        self.first, self.frames, self.labels, self.alt = None, [], None, ""
        self.sentence = ipywidgets.HTML()
        self.image = ipywidgets.Image(format="png", layout=ipywidgets.Layout(max_width="100%", align_self="flex-start"))
        self.play = ipywidgets.Play(min=0, max=0, interval=120, repeat=True)
        self.frame = ipywidgets.IntSlider(min=0, max=0, readout=False, layout=ipywidgets.Layout(width="260px"))
        self.label = ipywidgets.Label()
        ipywidgets.jslink((self.play, "value"), (self.frame, "value"))
        self.frame.observe(lambda change: self._turn_to(change.new), "value")
        self.film = ipywidgets.HBox([self.play, self.frame, self.label], layout=ipywidgets.Layout(display="none"))
        super().__init__([self.sentence, self.film, self.image])

    def show(self, shown, text=""):
        """Put what is Shown in place of the last picture, a film at its last frame, and a sentence above it."""
        self.first = self.first or shown
        self.frames, self.labels, self.alt = shown.frames, shown.labels, shown.alt
        self.film.layout.display = "flex" if len(self.frames) > 1 else "none"
        self.play.max = self.frame.max = len(self.frames) - 1
        self.frame.value = len(self.frames) - 1
        self._turn_to(self.frame.value)
        self.say(text)

    def _turn_to(self, i):
        if i < len(self.frames):
            self.image.value = self.frames[i]
            self.label.value = self.labels[i] if self.labels else f"{i + 1} / {len(self.frames)}"

    def say(self, text, wrong=False):
        """Put a sentence above the picture, in red if something is wrong."""
        colour = "color: #b00020" if wrong else ""
        # ipywidgets.Image has no alternative text, so what the picture shows follows unseen, for those who listen
        self.sentence.value = (
            f'<div role="status" style="{colour}">{html.escape(text)}<span style="position: absolute; width: 1px; '
            f'height: 1px; overflow: hidden; clip-path: inset(50%)"> {html.escape(self.alt)}</span></div>'
        )

    def _repr_mimebundle_(self, **how):
        bundle = super()._repr_mimebundle_(**how)
        if self.first is None:
            return bundle
        png = base64.b64encode(self.first.png).decode()
        return bundle | {"image/png": png, "text/plain": self.first.alt}, {"image/png": {"alt": self.first.alt}}


class Chart:
    """A matplotlib figure drawn once, on which marks can be put at once: drawing it anew would take too long.

    fig, ax: the figure, which is closed, and its only axes, with their limits set.
    """

    def __init__(self, fig, ax):
        fig.canvas.draw()
        self.pixels = np.asarray(fig.canvas.buffer_rgba())[..., :3].copy()
        self.transform, self.box, self.limits = ax.transData.frozen(), ax.bbox.frozen(), ax.get_ylim()
        plt.close(fig)

    def marked(self, x, y):
        """The pixels (H, W, 3) with a line at x and a mark at (x, y); y is kept within the axes."""
        pixels, height = self.pixels.copy(), len(self.pixels)
        column, row = self.transform.transform((x, np.clip(y, *sorted(self.limits)))).round().astype(int)
        row = height - row
        pixels[height - round(self.box.y1) : height - round(self.box.y0), column] = 170
        pixels[max(row - 5, 0) : row + 6, max(column - 5, 0) : column + 6] = (204, 0, 102)
        return pixels

    def under(self, picture, points, alt):
        """A Picture with the chart below each of its frames, marked at the frame's point (x, y)."""
        charts = np.stack([self.marked(x, y) for x, y in points])
        width = max(picture.frames.shape[2], charts.shape[2])
        parts = [
            np.pad(part, ((0, 0), (0, 0), (0, width - part.shape[2]), (0, 0)), constant_values=255)
            for part in (picture.frames, charts)
        ]
        return du.Picture(np.concatenate(parts, 1), alt, picture.fps, picture.hold, picture.labels)


def in_rows(controls, columns=2):
    """The controls with whole labels, some beside each other."""
    for control in controls:
        control.style.description_width = "120px"
        control.layout.width = "380px"
    return ipywidgets.GridBox(controls, layout=ipywidgets.Layout(grid_template_columns=f"repeat({columns}, 390px)"))


def try_it(function, saves=None, **controls):
    """A widget around `function(**values)`, which returns a Picture, or a Picture and a sentence.

    controls    one for each argument, as for ipywidgets.interact: (low, high, step), a list, True, or a widget; each
                starts at the argument's default
    saves       {"the sheet": f, ...}: a button for each, that saves the Picture f(**values) as a PNG file
    The picture is there before anyone touches a control. Answers are kept, so going back to a setting is immediate.
    A ValueError of the function becomes a sentence in the panel, and the last picture stays.
    """
    panel, seconds = Panel(), []

    @functools.lru_cache(maxsize=32)
    def answer(**values):
        begin = time.perf_counter()
        made = function(**values)
        picture, sentence = made if isinstance(made, tuple) else (made, "")
        shown = Shown(picture, first=panel.first is None)
        seconds.append(time.perf_counter() - begin)
        return shown, sentence

    @functools.wraps(function)
    def refresh(**values):
        try:
            shown, sentence = answer(**values)
        except ValueError as error:
            panel.say(str(error), wrong=True)
        else:
            panel.show(shown, sentence)

    inner = ipywidgets.interactive(refresh, **controls)  # makes the controls, and calls refresh once
    for control in inner.kwargs_widgets:
        if seconds and seconds[0] > SLOW and hasattr(control, "continuous_update"):
            control.continuous_update = False

    def save(what, make):
        name = what.replace(" ", "_")
        try:
            SAVED.mkdir(exist_ok=True)
            file = next(f for i in itertools.count(1) if not (f := SAVED / f"{name}_{i}.png").exists())
            made = make(**inner.kwargs)
            (made[0] if isinstance(made, tuple) else made).save(file)
        except (ValueError, OSError) as error:
            panel.say(str(error), wrong=True)
        else:
            panel.say(f"saved {file}")

    buttons = []
    for what, make in (saves or {}).items():
        buttons.append(ipywidgets.Button(description=f"save {what}", icon="save", layout={"width": "auto"}))
        buttons[-1].on_click(lambda _, what=what, make=make: save(what, make))
    panel.controls = {control._kwarg: control for control in inner.kwargs_widgets}
    shown = [control for control in inner.kwargs_widgets if isinstance(control, ipywidgets.DOMWidget)]
    panel.children = [in_rows(shown), *([ipywidgets.HBox(buttons)] if buttons else []), *panel.children]
    return panel


def dashboard(make, draw, **controls):
    """A training to start, stop, continue and reset, with its loss and samples as it goes.

    make(**values)          a new Trainer; controls as for `try_it`
    draw(trainer, losses)   a Picture of where it stands; losses is a list of numbers, empty at first
    What was learned is in `panel.trainer` (and `panel.losses`), also after a stop. It trains in a thread of its own, so
    that the buttons answer meanwhile; changed controls count from the next reset on.
    """
    panel, stop = Panel(), threading.Event()
    panel.trainer, panel.losses, panel.thread = None, [], None
    inner = ipywidgets.interactive(functools.wraps(make)(lambda **_: None), **controls)
    seconds = ipywidgets.BoundedIntText(60, min=5, max=7200, step=30, description="seconds")
    start = ipywidgets.Button(description="start", icon="play", button_style="primary")
    halt = ipywidgets.Button(description="stop", icon="stop", disabled=True)
    reset = ipywidgets.Button(description="reset", icon="refresh")

    def state(text, running=False, wrong=False):
        start.disabled, halt.disabled, reset.disabled, seconds.disabled = running, not running, running, running
        start.description = "continue" if panel.losses else "start"
        panel.say(text, wrong)

    def look(text=""):
        panel.show(Shown(draw(panel.trainer, panel.losses), first=panel.first is None), text)

    def renew(_=None):
        try:
            panel.trainer = make(**inner.kwargs)
        except ValueError as error:
            return panel.say(str(error), wrong=True)
        panel.losses = []
        look()
        state("New weights. Press start.")

    def where():
        loss = sum(panel.losses[-20:]) / len(panel.losses[-20:])
        return f"step {panel.trainer.step}, {panel.trainer.seconds:.0f} s, loss {loss:.3f}"

    def train():
        shown, took = time.perf_counter(), 0.0
        try:
            for progress in panel.trainer.run(seconds=seconds.value):
                panel.losses.append(progress.loss.item())
                if stop.is_set():
                    break
                now = time.perf_counter()
                if now - shown > max(1.0, 4 * took):  # drawing takes at most a fifth of the time
                    look(f"Training: {where()}.")
                    shown, took = time.perf_counter(), time.perf_counter() - now
        except Exception as error:
            state(f"Stopped: {error}", wrong=True)
            if not isinstance(error, FloatingPointError):
                raise
            return
        look()
        why = "Stopped" if stop.is_set() else "The time is up (allow more seconds to go on)"
        state(f"{why}: {where()}. What was learned is kept.")

    def begin(_):
        if panel.trainer.seconds >= seconds.value:
            return panel.say("The time is up: allow more seconds to go on, or reset.", wrong=True)
        stop.clear()
        state("Training...", running=True)
        panel.thread = threading.Thread(target=train, daemon=True)
        panel.thread.start()

    start.on_click(begin)
    halt.on_click(lambda _: stop.set())
    reset.on_click(renew)
    panel.controls = {control._kwarg: control for control in inner.kwargs_widgets} | {"seconds": seconds}
    panel.buttons = {"start": start, "stop": halt, "reset": reset}
    panel.children = [
        in_rows([*inner.kwargs_widgets, seconds]), ipywidgets.HBox([start, halt, reset]), *panel.children
    ]  # fmt: skip
    renew()
    return panel
