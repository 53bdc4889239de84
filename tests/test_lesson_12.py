"""Lesson 12: every broken program has the fault that its room names, its mended one agrees with the module, and the
probes find the one and not the other."""

import copy
import math

import pytest
import torch
from conftest import close

import checks
import diffusion_utilities as du
from plumbing import lesson_12
from plumbing.lesson_12 import ROOMS, Ancestral, Clipped, Sound, rms

AB_T = du.noise_schedule("cosine")
T = 500
C = torch.eye(5)[[0, 2, 3, 1]]


class Stub(torch.nn.Module):
    """A denoiser that answers at once, and differently for each time and context; it keeps the times it was told."""

    predicts = "v"

    def __init__(self):
        super().__init__()
        self.told = []

    def forward(self, x, t, c=None):
        self.told.append(t[0].item())
        c = torch.zeros(len(x), 5) if c is None else c
        number = (c * torch.arange(1.0, 6.0)).sum(1) / 5 + t
        return 0.6 * torch.tanh(x + number.view(-1, 1, 1, 1)) - 0.2 * x


@pytest.fixture
def stub():
    return Stub()


@pytest.fixture
def x(noise):
    return noise(4, 3, 4, 4, seed=5)


def walked(model, x, ab_t=AB_T, seed=0, **how):
    """The last image of the course's sampler."""
    *_, last = du.sampler(model, ab_t, x, C, generator=torch.Generator().manual_seed(seed), **how)
    return last.x


def the_same_walk(a, b, steps, grown=1):
    """Two programs of one walk, with some fifteen roundings a step, of numbers as large as the noise at its start; they
    do not grow on the way, for the stub's answer changes less than its input."""
    close(a, b, terms=15 * steps, scale=4 * grown)


@pytest.mark.parametrize("steps", [1, 7, 20])
def test_the_sound_program_is_the_course_s_sampler(stub, x, steps):
    program = Sound(stub, AB_T)
    program.steps = steps
    the_same_walk(program.draw(x, C), walked(stub, x, steps=steps), steps)
    assert stub.told[:steps] == pytest.approx([t / T for t in du.sampling_times(T, steps)[:-1]])


def test_its_children_are_guidance_clipping_and_ddpm(stub, x):
    the_same_walk(Clipped(stub, AB_T).draw(x, C), walked(du.Guided(stub, 4), x, steps=20, clip=True), 20)
    grown = (AB_T[450] / AB_T[500]).sqrt().item()  # the first step's numbers cancel, and are divided by 1 / 1,550
    torch.manual_seed(0)
    fresh = [torch.randn_like(x) for _ in range(9)]
    program, y = Ancestral(stub, AB_T), x
    torch.manual_seed(0)
    for step, z in zip(program.walk(x, C), [*fresh, 0 * x]):
        ab, ab_s = AB_T[step.t].item(), AB_T[step.s].item()
        a = ab / ab_s
        y = (y - (1 - a) / (1 - ab) ** 0.5 * step.eps) / a**0.5 + (1 - a) ** 0.5 * z
        close(step.x, y, terms=8, scale=4 * grown)
        y = step.x
    close(y, step.x0, terms=8, scale=4)  # the last step ends at the guess


def test_what_a_training_is_shown_is_the_course_s_noise(noise):
    x0, z, t = noise(5, 3, 4, 4, seed=1), noise(5, 3, 4, 4, seed=2), torch.tensor([1, 50, 250, 499, 500])
    shown, told, c = lesson_12.question(Sound(None, AB_T), x0, t, z, C)
    close(shown, du.add_noise(x0, t, z, AB_T), terms=6)
    close(told, t / T)
    assert c is C


def test_room_1_reads_pictures_from_0_to_1(sprites):
    data = ROOMS[1](None, AB_T).data(sprites.x)
    close(data, (sprites.x + 1) / 2, terms=2)
    assert data.min() > 0 and data.max() == 1


def test_room_2_makes_a_layer_in_forward(noise):
    block, right = ROOMS[2].Block(3, 8).eval(), du.ResidualConvBlock(3, 8, is_res=True).eval()
    image = noise(2, 3, 8, 8)
    assert not torch.allclose(block(image), block(image), atol=1e-2)
    assert torch.equal(right(image), right(image))
    assert not [name for name in block.state_dict() if "shortcut" in name]
    left_out = block.load_state_dict(right.state_dict(), strict=False).unexpected_keys
    assert left_out == ["shortcut.weight", "shortcut.bias"]


def test_rooms_2_and_3_leave_the_course_s_network_alone(noise):
    course, linear = du.ContextUnet(3, 64, 5, 16).eval(), du.noise_schedule("linear")
    before = copy.deepcopy(course.state_dict())
    image, half, c = noise(3, 3, 16, 16), torch.full((3,), 0.5), torch.eye(5)[:3]
    with torch.no_grad():
        for room, steady in ((2, False), (3, True)):
            network = ROOMS[room](course, linear).network
            first, second, alone = network(image, half, c), network(image, half, c), network(image[:1], half[:1], c[:1])
            assert torch.allclose(first, second, atol=1e-4) == steady
            assert rms(first[:1] - alone) > 0.01
        first, alone = course(image, half, c), course(image[:1], half[:1], c[:1])
        assert torch.allclose(first[:1], alone, atol=1e-4)
    assert not course.training
    assert all(torch.equal(before[name], value) for name, value in course.state_dict().items())


def test_room_4_stretches_each_channel_of_each_picture(noise):
    program, dull = ROOMS[4](None, AB_T), 0.2 * noise(4, 3, 8, 8).clamp(-1, 1) + 0.3
    stretched = program.show(dull)
    close(stretched.amin((2, 3)), -torch.ones(4, 3), terms=4)
    close(stretched.amax((2, 3)), torch.ones(4, 3), terms=4)
    assert program.show(torch.ones(1, 3, 8, 8)).isnan().all()
    assert torch.equal(Sound(None, AB_T).show(dull), dull)


def test_room_5_ends_before_the_noise(stub, x):
    program = ROOMS[5](stub, AB_T)
    assert program.T == 100 and program.ab_t[-1] > 0.3
    assert du.noise_schedule("linear", 500)[-1].item() == pytest.approx(0.0063, abs=1e-4)  # 0.006, and 8 % of its root
    assert du.noise_schedule("rescaled", 100)[-1] < 1e-3
    for t in (1, 40, 100):  # the network is told the time at which its own schedule is as noisy
        program.network(x, torch.full((4,), t / 100), C)
        assert AB_T[round(stub.told[-1] * T)].item() == pytest.approx(program.ab_t[t].item(), abs=4e-3)


def test_room_6_averages_too_slowly_and_the_sound_program_as_the_course():
    def left(kind):
        return math.prod(kind.decay(None, step) for step in range(1, 241))

    assert left(ROOMS[6]) == pytest.approx(0.999**240)
    assert left(Sound) < 1e-12
    model, average = torch.nn.Linear(1, 1, bias=False), 0.0
    torch.nn.init.zeros_(model.weight)
    course = du.EMA(model)
    for step in range(1, 21):
        torch.nn.init.constant_(model.weight, step)
        course.update(model)
        average += (1 - Sound.decay(None, step)) * (step - average)
    assert course.model.weight.item() == pytest.approx(average, rel=1e-5)


def test_practise_learns_and_averages(sprites):
    torch.manual_seed(1)
    new, data = du.Unet(widths=(8, 8), attention=False), (sprites.x[..., ::2, ::2], sprites.c)

    def ask(x0, t, noise, c):
        return lesson_12.question(Sound(None, AB_T), x0, t, noise, c)

    trained, none, losses = lesson_12.practise(new, ask, data, 12, lr=3e-3)
    decays = (lambda step: 0.999), (lambda step: 0)
    raw, (average, latest), again = lesson_12.practise(new, ask, data, 12, decays, lr=3e-3)
    assert again == losses and losses[-1] < losses[0] and none == []
    assert losses[0] == pytest.approx(1, abs=0.5)  # of a guess that knows nothing

    def moved(some):
        return sum((a - b).abs().sum().item() for a, b in zip(some.parameters(), new.parameters()))

    assert 0 < moved(average) < 0.05 * moved(raw) == pytest.approx(0.05 * moved(trained))
    assert moved(latest) == pytest.approx(moved(raw))
    assert lesson_12.practise(new, lambda *g: (0.5 * ask(*g)[0], *ask(*g)[1:]), data, 3)[2] != losses[:3]


def test_room_7_adds_noise_after_the_last_step(stub, x):
    ends = {}
    for program in (ROOMS[7](stub, AB_T), Ancestral(stub, AB_T)):
        torch.manual_seed(0)
        *_, last = program.walk(x, C)
        ends[type(program)] = last
    apart = (ends[ROOMS[7]].x - ends[ROOMS[7]].x0).std().item()
    assert apart == pytest.approx((1 - AB_T[50].item()) ** 0.5, rel=0.15)
    close(ends[ROOMS[7]].x0, ends[Ancestral].x0)
    assert (1 - AB_T[1].item()) ** 0.5 == pytest.approx(0.009, abs=5e-4)  # with 500 steps


def test_room_8_exchanges_with_and_without(stub, x):
    right = Sound(stub, AB_T)
    right.w = 3
    the_same_walk(right.draw(x, C), walked(du.Guided(stub, 3), x, steps=10), 10)
    the_same_walk(ROOMS[8](stub, AB_T).draw(x, C), walked(du.Guided(stub, -2), x, steps=10), 10)  # away from the wish


@pytest.mark.parametrize("room, first, last", [(9, 0.5, 0.05), (16, 0.998, 0.098)])
def test_rooms_9_and_16_tell_the_wrong_times(stub, x, room, first, last):
    ROOMS[room](stub, AB_T).draw(x, C)
    assert stub.told[0] == pytest.approx(first) and stub.told[-1] == pytest.approx(last)
    assert lesson_12.first_told(ROOMS[room](stub, AB_T), x, C) == pytest.approx(first)


def test_room_10_keeps_the_old_noise(stub, x):
    before = x
    for step in ROOMS[10](stub, AB_T).walk(x, C):
        x0, eps = du.to_x0_eps(
            du.Guided(stub, 4)(before, torch.full((4,), step.t / T), C), before, step.t, AB_T, "v"
        )  # fmt: skip
        close(step.eps, eps, terms=15, scale=8)
        close(step.x0, x0.clamp(-1, 1), terms=15, scale=8)
        before = step.x


def test_room_11_forgets_the_square_root(noise):
    course = torch.linspace(1e-4, 0.02, 501, dtype=torch.float64).neg().add(1).cumprod(0)  # as the sprite course has it
    grey, z = torch.zeros(64, 1, 16, 16), noise(64, 1, 16, 16)
    z = z / z.std()
    assert ROOMS[11](None, course).noisy(grey, 50, z).std().item() == pytest.approx(0.054, abs=5e-4)
    assert Sound(None, course).noisy(grey, 50, z).std().item() == pytest.approx(0.233, abs=5e-4)


def test_rooms_12_and_13_read_the_answer_and_the_schedule_wrongly(stub, x):
    network = du.Denoiser(stub, "eps")
    out = stub(x, torch.full((4,), 0.5), C)
    close(ROOMS[12](network, AB_T).ask(x, 250, C)[0], du.to_x0_eps(out, x, 250, AB_T, "v")[0], terms=4)
    linear = du.noise_schedule("linear")
    the_same_walk(ROOMS[13](stub, AB_T).draw(x, C), walked(stub, x, linear, steps=10), 10)


@pytest.mark.parametrize("n, calls, last", [(12, 13, -33), (30, 32, -12), (300, 500, 0), (20, 20, 0)])
def test_room_14_walks_past_zero(stub, x, n, calls, last):
    program = ROOMS[14](stub, AB_T)
    program.steps = n
    steps = list(program.walk(x, C))
    assert len(steps) == calls and steps[-1].s == last
    assert torch.allclose(steps[-1].x, walked(stub, x, steps=n), atol=1e-3) == (n == 20)


def test_room_15_loses_the_last_alpha_bar_in_half_precision(stub, x):
    program = ROOMS[15](stub, AB_T)
    assert 0 < AB_T[-1] < 6e-8 and program.schedule()[-1] == 0
    drawn = program.draw(x, C)
    assert not drawn.isfinite().any()
    assert (program.show(drawn) == -1).all()  # black


@pytest.fixture(scope="module")
def museum():
    """The museum with networks that were hardly trained, and the lesson's probes that need none that was."""
    torch.manual_seed(0)
    museum = lesson_12.Museum(2)
    z = lesson_12.exact_noise(16)
    museum.probes |= {
        "signal": lambda p: p.noisy(torch.ones_like(z), p.T, z).mean(),
        "told": lambda p: lesson_12.first_told(p, museum.noise, museum.c),
        "lowest": lambda p: p.data(museum.real).min(),
        "display": lambda p: rms(p.show(museum.real) - museum.real),
        "levels": lambda p: (p.ab_t - p.schedule().double()).abs().max(),
        "error": lambda p: lesson_12.error(p, museum.real, museum.c),
    }
    return museum


# the sprite course's own schedule (Rooms 2, 3 and 12) leaves 8 % of the white
HEALTHY = {"signal": (0, 0.1), "told": (0.999, 1.001), "lowest": (-1.001, -0.8), "display": (0, 1e-6),
           "levels": (0, 1e-9)}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_a_probe_finds_its_rooms_and_no_other(museum, name):
    low, high = HEALTHY[name]
    ill = {n for n in ROOMS if not low <= museum.reading(n, name) <= high}
    # half precision changes the schedule by a rounding, which `levels` sees as well
    assert ill == {"signal": {5}, "told": {9, 16}, "lowest": {1}, "display": {4}, "levels": {13, 15}}[name]
    assert all(low <= museum.reading(n, name, mended=True) <= high for n in ROOMS)


def test_the_white_test_is_exact(museum):
    """Of noise whose mean is 0: the root of alpha-bar at T, which is 0.0002."""
    assert museum.reading(9, "signal") == pytest.approx(AB_T[-1].sqrt().item(), abs=1e-6)


def test_the_mended_programs_are_those_that_the_rooms_show(museum):
    assert museum.mended[1] is museum.mended[9] is not museum.mended[8] is not museum.mended[14]
    assert museum.mended[8].w == 3 and museum.mended[14].steps == 12
    assert museum.mended[1].w == 1 and museum.mended[1].steps == 10
    assert not museum.mended[3].network.training and museum.broken[3].network.training
    assert museum.mended[6].network is not museum.mended[6].raw is museum.broken[6].raw
    gaps = [sum((a - b).abs().sum().item() for a, b in zip(p.network.parameters(), p.raw.parameters()))
            for p in (museum.mended[6], museum.broken[6])]  # fmt: skip
    assert 2 * gaps[0] < gaps[1]  # after two steps, of which the sound average has forgotten the beginning


def test_readings_are_made_once_and_unknown_probes_are_refused(museum):
    museum.probes["counted"] = lambda p, calls=[]: calls.append(1) or len(calls)
    assert museum.readings("counted", range(1, 4)) == {"Room 1": 1, "Room 2": 2, "Room 3": 3}
    assert museum.reading(2, "counted") == 2
    with pytest.raises(ValueError, match="there is none called 'temperature'"):
        museum.reading(1, "temperature")


def test_the_error_tells_noise_taken_for_v(museum):
    assert museum.reading(12, "error") > 1.5 * museum.reading(12, "error", mended=True)


def test_a_tree_is_examined_lazily_and_drawn(museum):
    def tree(looks, probe):
        return 5 if looks == "crowded" and probe("signal") > 0.1 else 9 if looks == "crowded" else 0

    found = museum.examine(tree, (4, 5, 9, 13))
    assert [(n, looks, answer) for n, looks, answer, _ in found] == [
        (4, "dull", 0), (5, "crowded", 5), (9, "crowded", 9), (13, "crowded", 9),
    ]  # fmt: skip
    assert [list(asked) for *_, asked in found] == [[], ["signal"], ["signal"], ["signal"]]
    assert [answer for _, _, answer, _ in museum.examine(tree, (5, 9), mended=True)] == [9, 9]
    assert lesson_12.tree(found, alt="a tree").frames.shape[0] == 1


@pytest.mark.parametrize("room", [0, *ROOMS])
def test_a_program_is_shown_folded(room):
    text = lesson_12.show_program(room).data
    assert text.startswith("<details><summary>") and text.endswith("</details>")
    assert text.count("```") == (4 if room else 2)
    assert f"class Room{room}(" in text or "class Sound:" in text
    instead = {2: "self.shortcut = nn.Conv2d", 3: ".eval()", 5: '"rescaled"', 6: "1 - 1 / (step / 10 + 1)"}
    assert instead.get(room, "") in text.partition("there stands instead")[2]


def test_the_table_of_distances_begins_with_what_the_score_overlooks():
    text = lesson_12.by_distance({7: ([4, 5], [4, 4]), 16: ([4, 4], [4, 4]), 15: ([90, 88.04], [4, 4])},
                                 {7: 1.125, 16: 1.0, 15: 22.2}).data  # fmt: skip
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    assert [row[0] for row in rows] == ["16", "7", "15"]
    assert rows[2][2:] == ["90.0 and 88.0", "4.0 and 4.0", "22.2"]


def test_every_room_has_its_place_in_the_catalogue():
    assert list(ROOMS) == list(lesson_12.CATALOGUE) == list(range(1, 17))
    assert {lesson_12.mystery(seed)[0] for seed in range(61)} == set(ROOMS)


def test_the_broken_functions_of_the_hunts_hold_every_fault(lesson):
    cells = lesson("12_bug_museum")
    assert checks.check_clipped_step(cells.broken_step).mistake == "old eps"
    assert checks.check_question(cells.broken_question).mistake == "square root, time, mask"
    assert checks.check_walk(cells.broken_walk).mistake == "strides, told s, noise on the last step"


def test_the_course_s_trees(lesson):
    """The tree of your turn 12.5 names ten of ten, and never a sound program; the other one all sixteen."""
    cells = lesson("12_bug_museum")
    assert checks.check_diagnose(cells.solution_diagnose).passed


def test_the_night_watch_keeps_its_secret_until_the_guess_is_right(lesson, museum):
    night = lesson("12_bug_museum", museum=museum)
    museum.broken[9].steps = museum.mended[9].steps = 2
    seed = next(seed for seed in range(61) if lesson_12.mystery(seed)[0] == 9)
    picture, sentence = night.watch("mystery", seed, "none", "?")
    assert sentence == "?" and "mended" not in picture.alt
    assert night.watch("mystery", seed, "told", 5)[1] == "Not Room 5. told: 0.5"
    picture, sentence = night.watch("mystery", seed, "told", 9)
    assert sentence == "Room 9. told: 0.5" and "mended" in picture.alt
    assert night.watch("mystery", seed, "none", "I give up")[1] == "Room 9."
