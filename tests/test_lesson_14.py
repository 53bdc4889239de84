"""Lesson 14: its tools keep what they should keep, and bad input gets one sentence."""

import math

import pytest
import torch
from conftest import close, products
from torch.optim.optimizer import register_optimizer_step_pre_hook

import checks
import diffusion_utilities as du
import prompts
from plumbing import lesson_14

TURNS = ("start_from", "keep_outside", "go_back", "lend", "only_row")
VOCABULARY = "a red blue green robe wizard golem in with".split()


@pytest.fixture
def network():
    """A small PromptUnet of random weights, none of them zero."""
    torch.manual_seed(0)
    model = prompts.PromptUnet(len(VOCABULARY), width=16, layers=1, length=8, widths=(8, 16, 16))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return model.eval().requires_grad_(False)


@pytest.fixture
def tools(lesson, network):
    """The lesson's functions, its solutions in place of the stubs, with the small network."""
    ab_t = du.noise_schedule("cosine", 50)
    given = dict(network=network, ab_t=ab_t, T=50, words=prompts.Words(VOCABULARY, 8), device=torch.device("cpu"),
                 HOW=dict(order=2, eta=1.0, clip=True), TRAINING_STEPS=3)  # fmt: skip
    module = lesson("14_editing", **given)
    for name in TURNS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    module.repaint.__defaults__ = (*module.repaint.__defaults__[:-1], module.keep_outside)
    return module


@pytest.mark.parametrize("name", TURNS)
def test_the_solutions_pass_their_checks(tools, name):
    assert getattr(checks, f"check_{name}")(getattr(tools, name)).passed


def test_strength_0_keeps_all_and_strength_1_nothing(tools, sprites):
    x = sprites.x[:2]
    assert torch.equal(tools.redraw(x, "a red robe", 0), x)
    z, t = tools.start_from(x, 1.0, tools.noise(2, 3, 16, 16, seed=3), tools.ab_t)
    assert t == 50 and (z - tools.noise(2, 3, 16, 16, seed=3)).abs().max() < 0.05
    assert not torch.equal(tools.redraw(x, "a red robe", 0.5), x)


@pytest.mark.parametrize("again", [1, 2, 4])
@pytest.mark.parametrize("prompt", [None, "a blue robe"])
def test_outside_the_mask_nothing_changes(tools, sprites, again, prompt):
    x, mask = sprites.x[:2], lesson_14.box(2, 9, 3, 16)
    made = tools.repaint(x, mask, prompt, calls=8, again=again)
    outside = (mask == 0).expand_as(x)
    assert torch.equal(made[outside], x[outside]) and not torch.equal(made, x)


def test_a_step_without_eta_leaves_nothing_to_chance(tools, sprites):
    x, mask = sprites.x[:2], lesson_14.box(0, 8, 0, 16)
    one, two, with_noise = (
        tools.step(x, 40, 20, None, torch.Generator().manual_seed(seed), eta)
        for seed, eta in ((1, 0.0), (2, 0.0), (1, 1.0))
    )
    assert torch.equal(one, two) and not torch.equal(one, with_noise)
    assert not torch.equal(tools.repaint(x, mask, calls=4, eta=0.0), tools.repaint(x, mask, calls=4))


@pytest.mark.parametrize("again", [1, 2, 4])
def test_resampling_costs_as_many_calls(tools, sprites, again):
    calls = []
    handle = tools.network.register_forward_hook(lambda *_: calls.append(1))
    tools.repaint(sprites.x[:1], lesson_14.box(0, 8, 0, 16), calls=8, again=again)
    handle.remove()
    assert len(calls) == 8 - (again - 1)  # the last step, to t = 0, is taken once


def test_going_back_is_adding_the_noise_that_is_missing(tools):
    """x_s from x_0 and then x_t from x_s has the mean and variance of x_t from x_0."""
    x0, ab_t = torch.full((1, 1, 200, 200), 0.7), tools.ab_t
    x_s = du.add_noise(x0, 20, tools.noise(1, 1, 200, 200, seed=1), ab_t)
    x_t = tools.go_back(x_s, 20, 40, tools.noise(1, 1, 200, 200, seed=2), ab_t)
    assert abs(x_t.mean() - 0.7 * ab_t[40] ** 0.5) < 0.02 and abs(x_t.var() - (1 - ab_t[40])) < 0.03


def test_the_old_prompt_walks_without_guidance_whatever_w_is(tools, sprites):
    x = sprites.x[:2]
    plain, _ = tools.two_walks(x, "a red robe", "a blue robe", w=1.0, top=40, calls=5)
    strong, changed = tools.two_walks(x, "a red robe", "a blue robe", w=4.0, top=40, calls=5)
    torch.testing.assert_close(plain, strong, rtol=0, atol=1e-3)
    assert not torch.allclose(plain, changed, atol=1e-3)


def test_the_share_right_is_read_off_between_the_points_of_a_curve(tools):
    way = [0.1, 0.3, 0.5], [[0.2, 0.4, 0.9], [0.4, 0.6, 0.9]]
    assert tools.at_distance(way, 0.2) == pytest.approx(0.4) and tools.at_distance(way, 0.5) == pytest.approx(0.9)
    assert math.isnan(tools.at_distance(way, 0.05)) and math.isnan(tools.at_distance(way, 0.6))


def test_lending_is_undone_and_lends(tools):
    tokens = tools.words.encode(["a red robe", "a blue robe"])
    x = tools.noise(1, 3, 16, 16).expand(2, -1, -1, -1)
    t = torch.full((2,), 0.5)
    own = tools.network(x, t, tokens)
    seen = []
    with tools.lending(tools.network) as lender:
        assert torch.equal(tools.network(x, t, tokens), own)  # it is off at first
        lender.on = True
        handle = tools.network.cross["up"].register_forward_hook(
            lambda layer, given, _: seen.append(layer.looks(*given))
        )
        tools.network(x, t, tokens)
        handle.remove()
    assert torch.equal(seen[0][0], seen[0][1])
    assert torch.equal(tools.network(x, t, tokens), own)
    assert not any("looks" in vars(layer) for layer in tools.network.cross.values())


def test_the_learning_rate_falls_to_0(tools):
    rates = []
    handle = register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    tools.learned("robot", "golem", ["robot", "a robot"], lesson_14.robots(), lr=0.3)
    handle.remove()
    assert rates == pytest.approx([0.3, 0.2, 0.1])


def test_a_new_word_leaves_everything_else_alone(tools, network):
    taught, words = lesson_14.with_word(network, tools.words, "robot", like="golem")
    x, t = tools.noise(2, 3, 16, 16), torch.full((2,), 0.5)
    tokens = tools.words.encode(["a red golem", "a wizard"])
    close(taught(x, t, tokens), network(x, t, tokens), terms=products(network))
    same = network(x, t, tools.words.encode("a red golem"))
    close(taught(x, t, words.encode("a red robot")), same, terms=products(network))
    taught, words = tools.learned("robot", "golem", ["robot", "a robot"], lesson_14.robots())
    changed = [name for (name, a), b in zip(taught.state_dict().items(), network.state_dict().values())
               if not torch.equal(a[: len(b)], b)]  # fmt: skip
    assert changed == []
    assert not torch.equal(taught.text.word.weight[-1], network.text.word.weight[words.number["golem"]])
    assert not any(weight.requires_grad for weight in taught.parameters())


@pytest.mark.parametrize(
    "wrong, says",
    [
        (lambda m, x: m.repaint(x, torch.ones(1, 1, 8, 8)), "the mask is 8 x 8 pixels large, the picture 16 x 16"),
        (lambda m, x: m.repaint(x, torch.ones(16, 16)), "a mask is a tensor (1 or B, 1, 16, 16)"),
        (lambda m, x: m.repaint(x, torch.ones(5, 1, 16, 16)), "there are 5 masks for 2 pictures"),
        (lambda m, x: m.repaint(x, torch.full((1, 1, 16, 16), 0.5)), "a mask holds 1 where"),
        (lambda m, x: m.repaint(x, torch.zeros(1, 1, 16, 16)), "the mask is empty"),
        (lambda m, x: m.repaint(x, torch.stack([torch.ones(1, 16, 16), torch.zeros(1, 16, 16)])), "the mask is empty"),
        (lambda m, x: m.repaint(x, torch.ones(1, 1, 16, 16) > 0), "give mask.float()"),
        (lambda m, x: m.redraw(x[..., :8], "a robe", 0.5), "it cannot edit a picture (3, 16, 8)"),
        (lambda m, x: m.redraw(127 * x, "a robe", 0.5), "images must lie in [-1, 1]"),
        (lambda m, x: m.redraw(x, "a unicorn", 0.5), "the network has never read the word 'unicorn'"),
        (lambda m, x: m.redraw(x, "", 0.5), "the prompt is empty"),
        (lambda m, x: m.redraw(x, "a robe", 1.5), "the strength lies in 0..1, not 1.5"),
        (lambda m, x: m.redraw(x, "a robe", "0.5"), "the strength lies in 0..1, not 0.5"),
        (lambda m, x: m.redraw(x, "a robe", None), "the strength lies in 0..1, not None"),
        (lambda m, x: lesson_14.with_word(m.network, m.words, "Robot", "golem"), "of small letters, not 'Robot'"),
        (lambda m, x: lesson_14.with_word(du.Guided(m.network, 2), m.words, "robot", "golem"), "not a Guided"),
        (lambda m, x: lesson_14.with_word(m.network, prompts.Words(["golem"], 8), "robot", "golem"), "9 words"),
        (lambda m, x: lesson_14.Job(0), "at least 1 sprite, not 0"),
        (lambda m, x: lesson_14.Job(10**6), "such sprites, not 1000000"),
        (lambda m, x: lesson_14.Job(3).marks(x), "2 pictures for a job of 3"),
        (lambda m, x: lesson_14.with_word(m.network, m.words, "golem", "robe"), "knows the word 'golem' already"),
        (lambda m, x: lesson_14.with_word(m.network, m.words, "robot", "dwarf"), "never read the word 'dwarf'"),
        (lambda m, x: lesson_14.with_word(m.network, m.words, "big robot", "golem"), "one new word at a time"),
    ],
)
def test_bad_input_gets_one_sentence(tools, sprites, wrong, says):
    with pytest.raises(ValueError) as error:
        wrong(tools, sprites.x[:2])
    assert says in str(error.value) and "\n" not in str(error.value)


def test_the_job_changes_the_colour_alone():
    job = lesson_14.Job(30)
    unseen = set(prompts.load_captions().unseen)
    words = prompts.Words.of(prompts.load_captions())
    for old, new, wish in zip(job.old, job.new, job.wishes):
        a, b = old.split(), new.split()
        different = [(p, q) for p, q in zip(a, b) if p != q and p not in ("a", "an")]
        assert len(a) == len(b) and len(different) == 1 and different[0][1] == wish
        assert not any((word, wish) in unseen for word in b)
    assert len(words.encode(job.new)) == 30
    marks = job.marks(job.x)
    assert marks["away"] == 0 and marks["colour"] == 0 and marks["kind"] > 0.9
    assert lesson_14.recoloured("an orange cat with a red hat", "orange", "blue") == "a blue cat with a red hat"
    assert lesson_14.recoloured("a blue cat", "blue", "orange") == "an orange cat"
    assert (
        lesson_14.recoloured("a red-eyed elf, a feathered red hat", "red", "blue")
        == "a red-eyed elf, a feathered blue hat"
    )
    assert torch.equal(lesson_14.Job(5, skip=3).x, job.x[3:8])


def test_a_pixel_to_the_side_is_no_distance(tools):
    robots = lesson_14.robots()
    moved = lesson_14.moved(robots[:1])
    assert torch.equal(moved[:1], robots[:1])
    for column, one in ((1, moved[1:2]), (-1, moved[2:3])):
        assert torch.equal(one, robots[:1].roll(column, 3))  # nothing but white at its sides
    king = lesson_14.kings()[:1]  # reaches its sides: what leaves on the one must not come in on the other
    right, left = lesson_14.moved(king)[1:].split(1)
    assert (right[..., 0] == 1).all() and (left[..., -1] == 1).all()
    assert torch.equal(right[..., 1:], king[..., :-1]) and torch.equal(left[..., :-1], king[..., 1:])
    assert max(tools.among(robots)) < 0.1 < du.nearest(robots[2:3], robots[[0, 1, 3, 4]])[0]


def test_the_pictures_to_edit_are_sprites():
    texts, scribbles = lesson_14.scribbles()
    assert scribbles.shape == (len(texts), 3, 16, 16) and lesson_14.robots().shape == lesson_14.kings().shape == (
        5,
        3,
        16,
        16,
    )
    lesson_14.checked(scribbles)
    lesson_14.checked(lesson_14.robots(), lesson_14.box(0, 8, 0, 16))
    assert lesson_14.box(0, 8, 0, 16).sum() == 128
    prompts.Words.of(prompts.load_captions()).encode(texts)
