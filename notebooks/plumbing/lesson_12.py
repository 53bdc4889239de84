"""What lesson 12 needs beside its cells: sixteen broken programs, the sound one that they come from, and pictures.

`Sound` is a whole diffusion program, in parts of a few lines. An exhibit is a child of it that changes one part, so
that the text of the child, which `show_program` prints folded, is the fault. The lesson shows what a program draws
before it shows the program: to be surprised, look into this file after the lesson.
"""

import copy
import functools
import inspect
import textwrap

import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown

import charts
import diffusion_utilities as du
from plumbing.images import need
from plumbing.picture import show_figure

T = 500


class Sound:
    """A diffusion program without a fault. network: a denoiser; ab_t: the schedule it was trained with."""

    looks, steps, w, clip = "good", 10, 1, False

    def __init__(self, network, ab_t, raw=None):
        self.network, self.ab_t, self.raw = network, ab_t, raw or network
        self.T = len(ab_t) - 1

    def data(self, sprites):  # what the training is shown
        return sprites

    def noisy(self, x0, t, noise):  # what the training makes of it
        ab = self.ab_t[t].float()
        return ab.sqrt() * x0 + (1 - ab).sqrt() * noise

    def schedule(self):  # what the drawing goes by
        return self.ab_t

    def times(self):
        return du.sampling_times(self.T, self.steps)

    def decay(self, step):  # how much of itself an average of the weights keeps at a step
        return 1 - 1 / (step / 10 + 1)

    def time(self, t):  # what the network is told
        return t / self.T

    def predicts(self):  # what its answer is taken for
        return self.network.predicts

    def answer(self, x, t, c):
        if self.w == 1:
            return self.network(x, t, c)
        keep = torch.cat([torch.ones_like(c), torch.zeros_like(c)])  # the second half goes without
        twice = torch.cat([x, x]), torch.cat([t, t]), torch.cat([c, c]) * keep
        cond, uncond = self.network(*twice).chunk(2)
        return uncond + self.w * (cond - uncond)

    def ask(self, x, t, c):  # the guess of the sprite and of the noise in x
        out = self.answer(x, torch.full((len(x),), self.time(t), device=x.device), c)
        x0, eps = du.to_x0_eps(out, x, t, self.schedule(), self.predicts())
        if self.clip:
            ab = self.schedule()[t].item()
            x0 = x0.clamp(-1, 1)
            eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
        return x0, eps

    def step(self, x, t, s, x0, eps):
        ab = self.schedule()[s].item()
        return ab**0.5 * x0 + (1 - ab) ** 0.5 * eps

    @torch.no_grad()
    def walk(self, x, c):
        """From noise x (B, 3, 16, 16) to sprites; yields a du.Step after each step."""
        times = self.times()
        for i, (t, s) in enumerate(zip(times, times[1:])):
            x0, eps = self.ask(x, t, c)
            x = self.step(x, t, s, x0, eps)
            yield du.Step(i, t, s, x, x0, eps)

    def draw(self, x, c, seed=0):
        torch.manual_seed(seed)  # for the programs that draw random numbers
        *_, last = self.walk(x, c)
        return last.x

    def show(self, x):  # what is shown of an image: -1 becomes black, 1 white
        return x.clamp(-1, 1)


class Clipped(Sound):
    """Guided, with the guess of the sprite kept in [-1, 1]."""

    steps, w, clip = 20, 4, True


class Ancestral(Sound):
    """DDPM in few steps, with fresh noise."""

    def step(self, x, t, s, x0, eps):
        ab, ab_s = self.schedule()[t].item(), self.schedule()[s].item()
        a = ab / ab_s
        mean = (x - (1 - a) / (1 - ab) ** 0.5 * eps) / a**0.5
        return mean + (1 - a) ** 0.5 * torch.randn_like(x) if s > 0 else mean


class Retimed:
    """Our network as if it had been trained with another schedule: it is told the time at which its own is as noisy."""

    predicts = "v"

    def __init__(self, model, own, schedule):
        self.model, self.own, self.schedule = model, own, schedule

    def __call__(self, x, t, c):
        level = self.schedule[round(t[0].item() * (len(self.schedule) - 1))]
        return self.model(x, torch.full_like(t, (self.own - level).abs().argmin().item() / (len(self.own) - 1)), c)


# ------------------------------------------------------------------------------------------------------- the ten rooms


class Room1(Sound):
    looks = "dull"

    def data(self, sprites):
        return (sprites + 1) / 2


class Room2(Sound):
    looks = "noise"

    class Block(du.ResidualConvBlock):
        def forward(self, x):
            h = self.conv2(self.conv1(x))
            if x.shape[1] != h.shape[1]:  # the two must have equally many channels to be added
                x = torch.nn.Conv2d(x.shape[1], h.shape[1], 1).to(x.device)(x)
            return (x + h) / 1.414

    def __init__(self, network, ab_t):
        super().__init__(copy.deepcopy(network), ab_t)
        block = self.Block(3, 64)
        block.load_state_dict(network.init_conv.state_dict(), strict=False)
        self.network.init_conv = block.to(du.best_device()).eval().requires_grad_(False)


class Room3(Sound):
    looks = "changing"

    def __init__(self, network, ab_t):
        super().__init__(copy.deepcopy(network).train(), ab_t)


class Mended3(Sound):
    def __init__(self, network, ab_t):
        super().__init__(copy.deepcopy(network).eval(), ab_t)


class Room4(Sound):
    looks = "dull"

    def show(self, x):
        low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return 2 * (x - low) / (high - low) - 1


class Room5(Sound):
    looks = "crowded"

    def __init__(self, network, ab_t):
        schedule = du.noise_schedule("linear", T=100)
        super().__init__(Retimed(network, ab_t, schedule), schedule)


class Mended5(Sound):
    def __init__(self, network, ab_t):
        schedule = du.noise_schedule("rescaled", T=100)
        super().__init__(Retimed(network, ab_t, schedule), schedule)


class Room6(Sound):
    looks = "noise"

    def decay(self, step):
        return 0.999


class Room7(Ancestral):
    looks = "specks"

    def step(self, x, t, s, x0, eps):
        ab, ab_s = self.schedule()[t].item(), self.schedule()[s].item()
        a = ab / ab_s
        mean = (x - (1 - a) / (1 - ab) ** 0.5 * eps) / a**0.5
        return mean + (1 - a) ** 0.5 * torch.randn_like(x)


class Room8(Sound):
    looks, w = "good", 3

    def answer(self, x, t, c):
        mask = torch.cat([torch.zeros_like(c), torch.ones_like(c)])  # the second half goes without
        twice = torch.cat([x, x]), torch.cat([t, t]), torch.cat([c, c]) * mask
        cond, uncond = self.network(*twice).chunk(2)
        return uncond + self.w * (cond - uncond)


class Room9(Sound):
    looks = "crowded"

    def time(self, t):
        return t / 1000


class Room10(Clipped):
    looks = "blotches"

    def ask(self, x, t, c):
        out = self.answer(x, torch.full((len(x),), self.time(t), device=x.device), c)
        x0, eps = du.to_x0_eps(out, x, t, self.schedule(), self.predicts())
        return x0.clamp(-1, 1), eps


# ---------------------------------------------------------------------------------------------------- the new arrivals


class Room11(Ancestral):
    looks = "specks"

    def noisy(self, x0, t, noise):
        ab = self.ab_t[t].float()
        return ab.sqrt() * x0 + (1 - ab) * noise


class Room12(Sound):
    looks = "dull"

    def predicts(self):
        return "v"


class Room13(Sound):
    looks = "crowded"

    def schedule(self):
        return du.noise_schedule("linear", T=500)


class Room14(Sound):
    looks, steps = "noise", 12

    def times(self):
        stride = self.T // self.steps
        times = [*range(self.T, 0, -stride)]
        return [*times, times[-1] - stride]


class Room15(Sound):
    looks = "black"

    def schedule(self):
        return self.ab_t.half()

    def ask(self, x, t, c):
        eps = super().ask(x, t, c)[1]
        ab = self.schedule()[t].float()
        return (x - (1 - ab).sqrt() * eps) / ab.sqrt(), eps

    def show(self, x):
        return x.nan_to_num(-1).clamp(-1, 1)  # as bytes, what is not a number becomes 0, which is black


class Room16(Sound):
    looks = "good"

    def time(self, t):
        return (t - 1) / self.T


ROOMS = {int(name[4:]): kind for name, kind in list(globals().items()) if name.startswith("Room")}
ARRIVALS = range(11, 17)
INSTEAD = {  # where the sound program has no part of the same name
    2: [du.ResidualConvBlock.__init__, du.ResidualConvBlock.forward],
    3: [Mended3.__init__],
    5: [Mended5.__init__],
}


# ------------------------------------------------------------------------------------------------------------ training


def question(program, x0, t, noise, c):
    """What the training of a program shows its network: x_t, the times told, and the contexts."""
    shown = [program.noisy(*one)[0] for one in zip(x0[:, None], t.tolist(), noise[:, None])]
    return torch.stack(shown), program.time(t), c


def practise(network, ask, data, steps, decays=(), lr=5e-4, seed=0):
    """Train a copy of a network on some steps of 16 sprites; `ask(x0, t, noise, c)` gives what it is shown: x_t, the
    times told and the contexts. Returns the trained network, one with the running average of its weights for each
    decay(step) of `decays`, and the losses."""
    torch.manual_seed(seed)
    network = copy.deepcopy(network).requires_grad_(True)
    device, (x, c), ab_t = du.best_device(), data, du.noise_schedule("cosine")
    averages, losses = [copy.deepcopy(network).requires_grad_(False).eval() for _ in decays], []
    optimizer = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99))
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = lr * min(1, step / 20) * (1 - (step - 1) / steps)
        rows, t = torch.randint(len(x), (16,)), torch.randint(1, T + 1, (16,))
        noise = torch.randn(16, *x.shape[1:])
        shown, told, context = ask(x[rows], t, noise, c[rows])
        aim = du.target(x[rows], t, noise, ab_t, "v")
        loss = (network(shown.to(device), told.to(device), context.to(device)) - aim.to(device)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        with torch.no_grad():
            for average, decay in zip(averages, decays):
                for a, w in zip(average.parameters(), network.parameters()):
                    a.lerp_(w, 1 - decay(step))
    return network.eval().requires_grad_(False), averages, losses


# ---------------------------------------------------------------------------------------------------------- the museum


class Museum:
    """The exhibits by number, broken and mended; what they draw from the same ten noises; and the readings of probes.

    steps: how long Room 6 trains; Rooms 1 and 11 go on with the course's network for a
    quarter of that.
    """

    def __init__(self, steps):
        self.steps, self.device, self.probes = steps, du.best_device(), {}
        self.train, self.real = du.load_sprites("train"), du.load_sprites("held_out", 10).x.to(self.device)
        self.noise = torch.randn(10, 3, 16, 16, generator=torch.Generator().manual_seed(1)).to(self.device)
        self.c = torch.eye(5, device=self.device)[torch.arange(10) % 5]
        self.model, self.ab_t = du.load_model(du.WEIGHTS / "unet.pth", self.device)
        self.course, self.linear = du.load_model(du.WEIGHTS / "context_model_31.pth", self.device)
        ours, theirs = (self.model, self.ab_t), (self.course, self.linear)
        self.broken = {n: ROOMS[n](*(theirs if n in (2, 3, 12) else ours)) for n in (*range(2, 6), *range(7, 17))}
        kinds = {3: Mended3, 5: Mended5, 7: Ancestral, 10: Clipped, 11: Ancestral}
        whole = functools.cache(lambda kind, network, ab_t: kind(network, ab_t))  # rooms with one remedy share it
        self.mended = {n: whole(kinds.get(n, Sound), *(theirs if n in (2, 3, 12) else ours)) for n in ROOMS}
        self.mended[8], self.mended[14] = Sound(*ours), Sound(*ours)
        self.mended[8].w, self.mended[14].steps = 3, 12
        network, _, self.losses_1 = self.trained(Room1(*ours))
        self.broken[1] = Room1(network, self.ab_t)
        torch.manual_seed(0)
        raw, averages, _ = self.trained(Room6(*ours), du.Unet(widths=(16, 32, 48)).to(self.device))
        self.broken[6], self.mended[6] = (kind(a, self.ab_t, raw) for kind, a in zip((Room6, Sound), averages))
        self._walks, self._readings, self._pairs = {}, {}, {}

    def trained(self, program, network=None, ask=None):
        """A network that a program's training makes, its averages, and the losses. Without a network the course's own
        is trained on, and not averaged; a new one is averaged by the program's decay and by the sound one. `ask` takes
        the place of what the program's own training asks."""
        data = program.data(self.train.x), self.train.c
        ask = ask or functools.partial(question, program)
        if network is None:
            return practise(self.model, ask, data, max(self.steps // 4, 1))
        return practise(network, ask, data, self.steps, (program.decay, self.mended[6].decay), lr=4e-3)

    def deliver(self):
        """Train the network of Room 11, which comes with the new arrivals."""
        ask = functools.partial(question, self.broken[11])
        data = self.train.x, self.train.c
        network = practise(self.model, ask, data, max(self.steps // 4, 1), lr=1e-3)[0]
        self.broken[11] = Room11(network, self.ab_t)

    def program(self, room, mended=False):
        return (self.mended if mended else self.broken)[room]

    def walk(self, program):
        """The steps (a list of `du.Step`) of a program from the museum's ten noises; walked once."""
        if program not in self._walks:
            torch.manual_seed(0)
            self._walks[program] = [step._replace(x=step.x.float()) for step in program.walk(self.noise, self.c)]
        return self._walks[program]

    def picture(self, room, mended=False):
        """What hangs in a room: ten pictures. Rooms 2 and 3 draw five noises, and the same five again (Room 3 one by
        one); Room 4 shows one sprite on its way."""
        program = self.program(room, mended)
        if room in (2, 3):
            x = self.pair(room, program)
        elif room == 4:
            x = torch.cat([step.x[2:3] for step in self.walk(program)])
        else:
            x = self.walk(program)[-1].x
        return program.show(x.float()).cpu()

    def pair(self, room, program):
        """Five pictures, and the same five drawn once more, in Room 3 one by one; drawn once."""
        if program not in self._pairs:
            x, c = self.noise[:5], self.c[:5]
            again = [program.draw(x, c, seed=1)]
            if room == 3:
                again = [program.draw(x[i : i + 1], c[i : i + 1]) for i in range(5)]
            self._pairs[program] = torch.cat([program.draw(x, c), *again])
        return self._pairs[program]

    def wall(self, alt, rooms=range(1, 11)):
        return du.show_rows({f"Room {n}": self.picture(n) for n in rooms}, scale=3, label_width=70, alt=alt)

    def compare(self, room, alt):
        """The broken and the mended program of a room, from the same noise."""
        top = {2: ["1st run"] * 5 + ["2nd run"] * 5, 3: ["together"] * 5 + ["alone"] * 5}.get(room)
        if room == 4:
            top = [f"t = {step.s}" for step in self.walk(self.program(4))]
        if room == 8:
            top = [du.CLASSES[k] for k in self.c.argmax(1).tolist()]
        rows = {f"Room {room}": self.picture(room), "mended": self.picture(room, mended=True)}
        return du.show_rows(rows, scale=4, label_width=80, top=top, alt=alt)

    def reading(self, room, name, mended=False):
        """The number that a probe reads off an exhibit; read once."""
        need(name in self.probes, f"the probes are {', '.join(self.probes)}; there is none called {name!r}")
        key = self.program(room, mended), name
        if key not in self._readings:
            torch.manual_seed(0)  # the network of Room 2 draws random numbers
            self._readings[key] = float(self.probes[name](key[0]))
        return self._readings[key]

    def readings(self, name, rooms=range(1, 11), mended=False):
        return {f"Room {n}": round(self.reading(n, name, mended), 4) for n in rooms}

    def examine(self, diagnose, rooms, mended=False):
        """What a tree says of exhibits: a list of (room, looks, answer, {probe: reading} in the order it asked)."""
        found = []
        for n in rooms:
            asked = {}

            def probe(name, n=n, asked=asked):
                asked[name] = self.reading(n, name, mended)
                return asked[name]

            looks = self.broken[n].looks  # of a mended program, too: whoever looked may have been wrong
            found.append((n, looks, diagnose(looks, probe), asked))
        return found


def rms(x):
    return x.float().square().mean().sqrt().item()


def exact_noise(n, seed=0):
    """Noise (n, 3, 16, 16) whose own mean is 0 and whose own standard deviation is 1, up to rounding."""
    z = torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return (z - z.mean()) / z.std()


def first_told(program, x, c):
    """The first time that a program tells its network, overheard at the network's door."""
    heard, network = [], program.network
    program.network = lambda x, t, c: heard.append(t[0].item()) or network(x, t, c)
    program.network.predicts = network.predicts
    try:
        next(iter(program.walk(x, c)))
    finally:
        program.network = network
    return heard[0]


@torch.no_grad()
def error(program, sprites, c, t=250, network=None, seed=3):
    """The root mean square error of a program's guesses of sprites that it sees at the time t (of 500)."""
    noise = torch.randn(sprites.shape, generator=torch.Generator().manual_seed(seed)).to(sprites)
    t = round(t * program.T / T)
    x = du.add_noise(sprites, t, noise, program.schedule().double())
    other = copy.copy(program)
    other.network = network or program.network
    return rms(other.ask(x, t, c)[0] - sprites)


@torch.no_grad()
def loss_by_time(network, sprites, c, ab_t, times):
    """The mean squared error of v on these sprites at each time; of the network None, which always answers 0."""
    losses = []
    for t in times:
        noise = torch.randn(sprites.shape, generator=torch.Generator().manual_seed(t)).to(sprites)
        x, aim = du.add_noise(sprites, t, noise, ab_t), du.target(sprites, t, noise, ab_t, "v")
        answer = network(x, torch.full((len(x),), t / T, device=x.device), c) if network else 0 * x
        losses.append((answer - aim).square().mean().item())
    return losses


def show_program(room):
    """The text of a room's program, folded: what it changes of the sound program (0), and what stands there."""
    kind = ROOMS.get(room, Sound)
    parent = [getattr(kind.__mro__[1], name) for name in vars(kind) if room and inspect.isfunction(vars(kind)[name])]
    sound = [textwrap.dedent(inspect.getsource(part)) for part in INSTEAD.get(room, parent)]
    text = f"```python\n{inspect.getsource(kind).rstrip()}\n```"
    if sound:
        text += "\n\nIn the sound program there stands instead:\n\n```python\n" + "\n".join(sound).rstrip() + "\n```"
    title = f"The program of Room {room}" if room else "The sound program"
    return Markdown(f"<details><summary>{title}</summary>\n\n{text}\n\n</details>")


def tree(found, alt):
    """Draw the tree of a `diagnose`, as it was walked: `found` is what Museum.examine gave."""
    found = sorted(found, key=lambda row: (row[1], -len(row[3]), row[0]))
    fig, ax = plt.subplots(figsize=(8.4, 0.42 * len(found) + 0.5))
    box = dict(boxstyle="round,pad=0.3", linewidth=0.8)
    places = {}
    for y, (_, looks, _, asked) in enumerate(found):
        for depth in range(len(asked) + 1):
            places.setdefault((looks, *list(asked)[: depth + 1]) if depth < len(asked) else (y,), []).append(y)
        places.setdefault((looks,), []).append(y)
    places = {key: sum(ys) / len(ys) for key, ys in places.items()}
    deepest = max(len(asked) for *_, asked in found)
    for y, (n, looks, answer, asked) in enumerate(found):
        path = [(looks, *list(asked)[:depth]) for depth in range(len(asked) + 1)]
        spots = [(2 * depth, places[key]) for depth, key in enumerate(path)] + [(2 * deepest + 2.2, y)]
        for (x1, y1), (x2, y2) in zip(spots, spots[1:]):
            ax.plot([x1, x2], [y1, y2], color="#9a9aa2", linewidth=1, zorder=1)
        if asked:
            value = round(list(asked.values())[-1], 4)
            ax.text(spots[-1][0] - 0.75, y, f"{value:.2g}", fontsize=8.5, ha="right", va="center", color="#0072b2",
                    bbox=dict(facecolor="white", edgecolor="none", pad=0.5), zorder=2)  # fmt: skip
        for depth, (x, height) in enumerate(spots[:-1]):
            face = "#fdf0dd" if depth == 0 else "#e2effa"
            words = f'"{looks}"' if depth == 0 else f"{path[depth][-1]}?"
            ax.text(x, height, words, fontsize=9, ha="center", va="center", zorder=3,
                    bbox=box | dict(facecolor=face, edgecolor="#666"))  # fmt: skip
        said = (f"Room {answer}" if answer else "none of the ten") + (f" (it is {n})" if answer != n else "")
        weight = "bold" if answer == n else "normal"
        ax.text(spots[-1][0] + 0.1, y, said, fontsize=9, va="center", ha="left", weight=weight, zorder=3)
    ax.set(xlim=(-0.9, 2 * deepest + 4.2), ylim=(len(found) - 0.4, -0.6))
    ax.axis("off")
    return show_figure(fig, alt)


def mystery(seed):
    """(a room, six noises), both picked by the seed."""
    hidden = torch.Generator().manual_seed(seed)
    return torch.randint(1, len(ROOMS) + 1, (), generator=hidden).item(), torch.randn(6, 3, 16, 16, generator=hidden)


def table(museum, rooms, names):
    """The readings of some probes in some rooms, as a table."""
    rows = {f"Room {n}": [f"{museum.reading(n, name):.3g}" for name in names] for n in rooms}
    return charts.table([f"`{name}`" for name in names], rows)


CATALOGUE = {
    1: ("dull, no black", "data in [0, 1]", "lowest"),
    2: ("noise, another each time", "a layer made in `forward`", "twice"),
    3: ("depends on the company", "BatchNorm left in `train()`", "company"),
    4: ("dull until the end", "each picture stretched by itself", "display"),
    5: ("crowded", "the training's noise ends too early", "signal"),
    6: ("noise, while the loss falls", "the average remembers the untrained weights", "raw"),
    7: ("specks", "noise after the last step", "last"),
    8: ("good, but not as asked", "the mask inverted", "asked"),
    9: ("crowded", "the clock behind: told t / 1000", "told"),
    10: ("blotches, worse with more steps", "x0 clipped, eps kept", "mixture"),
    11: ("specks", "noise of 1 - ab, no root", "noise"),
    12: ("grey felt", "noise taken for v", "error"),
    13: ("crowded, dark", "another schedule than in training", "levels"),
    14: ("noise, for some n", "strides past zero", "end"),
    15: ("black", "the schedule in half precision", "finite"),
    16: ("good", "the clock behind: told t - 1", "told"),
}


def by_distance(distances, times_as_far):
    """The rooms' Fréchet distances, broken and mended, two of each, as a table; the least different pair first."""
    rows = {n: [CATALOGUE[n][1], *(" and ".join(f"{half:.1f}" for half in both) for both in distances[n]), f"{far:.1f}"]
            for n, far in sorted(times_as_far.items(), key=lambda row: row[1])}  # fmt: skip
    return charts.table(["cause", "broken", "mended", "times as far"], rows, "room")


def catalogue(museum):
    """Symptom, cause, and the probe of each room, with what it read there and in the mended program."""
    rows = {n: [symptom, cause, f"`{name}`", *(f"{museum.reading(n, name, well):.3g}" for well in (False, True))]
            for n, (symptom, cause, name) in CATALOGUE.items()}  # fmt: skip
    return charts.table(["what one sees", "cause", "probe", "broken", "mended"], rows, "room")
