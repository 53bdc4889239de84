"""Lesson 15: its transformer, its flow and its attention are what it says they are; pages, scores and the map."""

import re
from pathlib import Path

import pytest
import torch
from conftest import awake
from lesson_form import number_of

import prompts
from plumbing import lesson_15

STUBS = ("to_tokens", "dit_block", "flow_question", "autoencoder_loss", "scale_of", "joint_attention")
SOURCES = Path(__file__).resolve().parent.parent / "notebooks" / "py"


@pytest.fixture
def module(lesson):
    """The lesson with its solutions in place of the stubs."""
    made = lesson("15_latents_and_transformers", device=torch.device("cpu"), SCORED=20)
    for name in STUBS:
        setattr(made, name, getattr(made, f"solution_{name}"))
    return made


@pytest.mark.parametrize("size, p, C", [(16, 4, 3), (8, 2, 8), (8, 1, 4), (32, 16, 1)])
def test_tokens_and_back(module, noise, size, p, C):
    x = noise(3, C, size, size)
    tokens = module.to_tokens(x, p)
    assert tokens.shape == (3, (size // p) ** 2, C * p * p)
    assert torch.equal(module.to_picture(tokens, p, size), x)
    assert torch.equal(tokens[:, 0], x[:, :, :p, :p].flatten(1))


def test_a_new_transformer_does_nothing_and_wakes_from_its_end(module, noise):
    new, x, r = module.DiT(16, 4, 3, width=32, depth=2), noise(4, 3, 16, 16), torch.rand(4)
    assert torch.equal(new(x, r), torch.zeros_like(x))
    steps = [lesson_15.reached(new, lambda: (new(x, r) - x).square().mean()) for _ in range(3)]
    assert steps[0] == ["the last layer"]
    assert "the gates" in steps[1] and "attend and think" not in steps[1]
    assert set(steps[2]) >= {"the gates", "attend and think", "shifts and scales"}


def test_a_transformer_knows_places_time_and_class(module, noise):
    model, x, r = awake(module.DiT(8, 2, 3, width=32, depth=2)), noise(2, 3, 8, 8), torch.tensor([0.2, 0.7])
    c = torch.eye(5)[:2]
    out = model(x, r, c)
    assert not torch.allclose(out, model(x, r.flip(0), c))
    assert not torch.allclose(out, model(x, r, c.flip(0)))
    assert torch.allclose(model(x, r, c * 0), model(x, r))  # a row of zeros is nothing said
    turned = x.roll((4, 4), (2, 3))
    assert not torch.allclose(model(turned, r, c), out.roll((4, 4), (2, 3)), atol=1e-3)


def test_two_streams_of_the_same_layers_are_one_block(module, noise):
    """What makes words and patches different is their layers alone: with shared ones the two rows are one."""
    pair, emb = awake(module.Pair(16)), noise(2, 16, seed=3)
    pair.streams[1] = b = pair.streams[0]
    rows = [noise(2, 5, 16), noise(2, 3, 16, seed=1)]
    joined = module.dit_block(torch.cat(rows, 1), emb, b.norm, b.attend, b.think, b.modulate)
    torch.testing.assert_close(torch.cat(pair(rows, emb), 1), joined, rtol=1e-4, atol=1e-4)


def test_words_reach_the_page(module, noise):
    model = awake(module.TextToPage(width=32, depth=2))
    x, r, words = noise(1, 8, 8, 8), torch.tensor([0.5]), lesson_15.words_of(["red wizard", "blue fish"] * 2)[None]
    other = lesson_15.words_of(["blue fish", "red wizard"] * 2)[None]
    assert model(x, r, words).shape == x.shape
    assert not torch.allclose(model(x, r, words), model(x, r, other))  # the same words in other places


def test_the_question_and_the_walk_fit_together(module, noise):
    x0 = noise(6, 3, 8, 8)
    x_r, r, u = module.flow_question(x0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(x_r - r[:, None, None, None] * u, x0)
    assert ((r > 0) & (r < 1)).all()
    drawn = module.draw(lambda x, r, c: (x - x0) / r[:, None, None, None], x0.shape, steps=7)
    torch.testing.assert_close(drawn, x0, rtol=1e-3, atol=1e-4)


def test_guidance_pulls_away_from_nothing_said(module):
    c, told = torch.ones(2, 3), []

    def network(x, r, c):
        told.append(c.sum().item())
        return torch.full_like(x, c[0, 0].item())

    start = module.draw(lambda x, r, c: x * 0, (2, 1, 4, 4))
    torch.testing.assert_close(start - module.draw(network, (2, 1, 4, 4), c, w=3), torch.full((2, 1, 4, 4), 3.0))
    assert set(told) == {0.0, 6.0}


def test_a_short_training_learns(module, noise):
    x = noise(1, 3, 8, 8).expand(64, -1, -1, -1)
    before = module.DiT(8, 4, 3, width=32, depth=1)
    network, steps = module.learn(before, x, seconds=1.5, batch=16)
    assert steps >= 1
    if steps > 50:  # on a slow machine there are too few
        x_r, r, u = module.flow_question(x, torch.Generator().manual_seed(1))
        assert (network(x_r, r) - u).square().mean() < 0.9 * u.square().mean()  # answering 0 costs that


def test_a_race_notes_what_each_seed_had(module, noise):
    x, made = noise(8, 3, 8, 8), []

    def make():
        made.append(module.DiT(8, 4, 3, width=16, depth=1))
        return made[-1]

    runs = module.race({"a": make}, lambda network: network(x, torch.rand(8)).abs().sum().item(), x, seconds=0.2)["a"]
    assert [seconds for _, _, seconds, _ in runs] == [0.2, 0.2] and all(steps >= 1 for _, steps, *_ in runs)
    assert not torch.equal(made[0].place, made[1].place)  # another seed is another network


def test_the_loss_of_the_autoencoder_is_the_kl_of_pytorch(module, noise):
    mean, log_variance, x = noise(2, 4, 2, 2), noise(2, 4, 2, 2, seed=1), noise(2, 3, 8, 8, seed=2)
    bell = torch.distributions.Normal(mean, (log_variance / 2).exp())
    kl = torch.distributions.kl_divergence(bell, torch.distributions.Normal(0.0, 1.0)).mean()
    torch.testing.assert_close(module.autoencoder_loss(x, x, mean, log_variance, 0.5), 0.5 * kl)
    coder = module.Autoencoder()
    assert [part.shape for part in coder.encode(noise(2, 3, 32, 32))] == [(2, 8, 8, 8)] * 2
    assert coder.decode(noise(2, 8, 8, 8)).shape == (2, 3, 32, 32)


def test_pages_are_what_is_said_of_them():
    pages, again = (lesson_15.pages("held_out", 40, seed=3) for _ in range(2))
    assert torch.equal(pages.x, again.x) and pages.said == again.said
    assert torch.equal(lesson_15.together(lesson_15.quarters(pages.x)), pages.x)
    nouns, colours = lesson_15.obeyed(pages.x, pages.said)
    assert nouns > 0.95 and colours > 0.9
    mixed = lesson_15.obeyed(pages.x, pages.said[1:] + pages.said[:1])
    assert mixed[0] < 0.4 and mixed[1] < 0.5
    assert all(torch.equal(lesson_15.words_of(said), words) for said, words in zip(pages.said, pages.words))
    unseen = {f"{colour} {noun}" for noun, colour in prompts.load_captions().unseen}
    assert not unseen & {text for row in pages.said for text in row}
    withheld = {text for row in lesson_15.pages("unseen", 40, seed=3).said for text in row}
    assert withheld <= unseen and len(withheld) == len(lesson_15.NOUNS)


@pytest.mark.parametrize(
    "said, wrong",
    [(["red wizard"] * 3, "four sprites"), (["red wizard"] * 3 + ["red robot"], "'red robot' is not a colour"),
     (["wizard"] * 4, "'wizard' is not"), (["old red wizard"] * 4, "is not a colour and a noun")],
)  # fmt: skip
def test_what_the_model_has_never_read_is_said(said, wrong):
    with pytest.raises(ValueError, match=wrong):
        lesson_15.words_of(said)


def test_real_pages_score_better_than_noise(noise):
    real, other = (lesson_15.pages("held_out", 40, seed=s).x for s in (1, 2))
    assert lesson_15.frechet(other, real) < 0.2 * lesson_15.frechet(noise(40, 3, 32, 32), real)


def test_pictures_fit_the_page():
    pages = lesson_15.pages("held_out", 5, seed=1)
    picture = lesson_15.captioned({"a": pages.x, "b": pages.x}, pages.said)
    assert picture.frames.shape[2] <= 900 and ", ".join(pages.said[0]) in picture.alt
    latents = torch.randn(5, 8, 8, 8)
    seen = lesson_15.as_colours(latents)
    assert seen.shape == (5, 3, 8, 8) and seen.abs().max() <= 1
    assert lesson_15.both({"pages": pages.x, "latents": seen}).frames.shape[2] <= 900
    assert lesson_15.diagram().frames.shape[2] <= 900


def test_tables():
    network = torch.nn.Linear(3, 1)
    table = lesson_15.table({"a": [(1.6, 10, 4.0, network), (2.0, 30, 4.0, network)]}).data
    assert "| a | 4 | 4 | 10, 30 | 200 | 1.6, 2.0 |" in table
    real, apart = lesson_15.pages("held_out", 30, seed=1), lesson_15.pages("unseen", 30, seed=3)
    drawn = {1.0: real.x, 3.0: real.x.flip(0)}
    rows = lesson_15.told(drawn, real, 30, apart, apart.x).data.splitlines()
    names = [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]]
    assert names == ["real pages", "drawn, guidance 1", "drawn, guidance 3", "the control: the prompt of another page",
                     "real pages of withheld pairs", "drawn, withheld pairs, guidance 3"]  # fmt: skip
    shares = [row.split(" | ")[1:3] for row in rows[2:]]
    assert shares[0] == shares[1] != shares[2] and shares[4] == shares[5]
    assert lesson_15.told(drawn, real, 30, apart, apart.x.flip(0)).data.splitlines()[-1] != rows[-1]


def test_each_place_on_the_map_exists():
    places = re.findall(r"your turn (\d+b?)\.(\d)", " ".join(row[-1] for row in lesson_15.MAP))
    places += re.findall(r"(\d+b?)\.(\d)", " ".join(box[-1] for box in lesson_15.BOXES.values()))
    assert len(places) > 20
    for number, turn in places:
        (source,) = (p for p in SOURCES.glob("*.py") if number_of(p.stem) == number)
        assert f"### Your turn {number}.{turn}: " in source.read_text(encoding="utf-8"), f"{number}.{turn}"
    assert lesson_15.the_map().data.count("\n") == len(lesson_15.MAP) + 1
