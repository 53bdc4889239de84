"""Words as numbers, the network that reads them, and the judge of what it drew."""

import pytest
import torch
from conftest import close, products

import diffusion_utilities as du
import prompts


@pytest.fixture(scope="module")
def words():
    return prompts.Words("a wizard knight in red blue robe with staff , one-eyed octopus leaf box and".split(), 12)


# --------------------------------------------------------------------------------------------------------------- words


def test_words_become_numbers_and_words_again(words):
    tokens = words.encode(["A wizard in a red robe.", "octopus"])
    assert tokens.shape == (2, 12) and tokens.dtype == torch.long
    assert tokens[0].tolist() == [1, 2, 4, 1, 5, 7, 0, 0, 0, 0, 0, 0]
    assert words.decode(tokens[0]) == "a wizard in a red robe" and words.decode(tokens[1]) == "octopus"
    assert words.decode(words.encode("wizard, red robe, one-eyed")[0]) == "wizard, red robe, one-eyed"


def test_plural_forms_are_read_as_the_word(words):
    for text, read in (("wizards", "wizard"), ("leaves", "leaf"), ("boxes", "box"), ("staffs", "staff")):
        assert words.decode(words.encode(text)[0]) == read


def test_no_plural_is_read_as_another_word():
    """As "capes" was, as "cap": what is a word with one letter more or less comes first."""
    words = prompts.Words.of(prompts.load_captions())
    plurals = [(word, word + "s") for word in words.vocabulary if word.isalpha() and not word.endswith("s")]
    wrong = [(word, words.known(many)) for word, many in plurals if words.known(many) not in (word, many)]
    assert len(plurals) > 300 and wrong == []


def test_american_spelling_is_read(words):
    assert prompts.Words(["grey", "armour"]).encode("gray armor")[0, :2].tolist() == [1, 2]


@pytest.mark.parametrize(
    "prompt, says",
    [
        ("a unicorn", "never read the word 'unicorn'; it knows 15 words"),
        ("a wizzard", "never read the word 'wizzard': did you mean 'wizard'?"),
        ("", "the prompt is empty"),
        (" . ", "the prompt is empty"),
        ("a " * 13, "the prompt has 13 words and commas, but 12 are the most"),
        ("3 wizards", "'3' means nothing here"),
        (["a wizard", ""], "the prompt is empty"),
        ([], "there is no prompt"),
        ([7], "a prompt is a text, not int"),
        (None, "a prompt is a text, not NoneType"),
        (7, "a prompt is a text, not int"),
        (torch.ones(1, 3, dtype=torch.long), "a prompt is a text, not Tensor"),
    ],
)
def test_bad_prompts_are_said_in_one_sentence(words, prompt, says):
    with pytest.raises(ValueError) as error:
        words.encode(prompt)
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda words: prompts.Words("a wizard"), "a list of words, not a text"),
        (lambda words: prompts.Words(["Wizard"]), "no prompt can name 'Wizard'"),
        (lambda words: prompts.Words([7]), "a prompt is a text, not int"),
        (lambda words: words.decode(words.encode("a wizard")), "decode reads one row of tokens, not (1, 12)"),
        (lambda words: words.decode([99]), "tokens lie in 0..15, not [99]"),
    ],
)
def test_bad_vocabularies_and_rows_are_said_in_one_sentence(words, make, says):
    with pytest.raises(ValueError) as error:
        make(words)
    assert says in str(error.value) and "\n" not in str(error.value)


# -------------------------------------------------------------------------------------------------------------- network


@pytest.fixture(scope="module")
def unet():
    return du.load_model(du.WEIGHTS / "unet.pth", "cpu")


def small(**more):
    return prompts.PromptUnet(15, width=16, length=12, widths=(8, 16, 24), **more)


def test_it_draws_at_first_what_the_unet_draws_without_a_class(unet, words, noise):
    model = prompts.PromptUnet.from_unet(unet[0], 15, length=12).eval()
    x, tokens = noise(4, 3, 16, 16), words.encode(["a wizard", "a knight in a red robe", "box", "octopus"])
    with torch.no_grad():
        for c in (None, tokens):
            close(model(x, 0.4, c), unet[0](x, torch.tensor(0.4)), products(unet[0]))
    drawn = du.sample(model, unet[1], 2, tokens[:2], steps=3)
    close(drawn, du.sample(unet[0], unet[1], 2, steps=3), 3 * products(unet[0]))


def woken(model):
    """The layers that begin at zero, with some weights."""
    for layer in (model.whole, model.unet.last, *(cross.out for cross in model.cross.values())):
        torch.nn.init.normal_(layer.weight, std=0.1)
    return model.eval()


@pytest.mark.parametrize("widths", [(8, 16), (8, 16, 24), (8, 8, 16, 24)])
def test_it_is_the_walk_of_the_unet_with_three_looks_on_the_way(words, noise, widths):
    """The walk written out: one level above the lowest on the way down and up, and in the middle, it looks at words."""
    model, x, t = woken(prompts.PromptUnet(15, width=16, length=12, widths=widths)), noise(2, 3, 16, 16), torch.rand(2)
    tokens, unet, cross = words.encode(["a wizard", "a knight in a red robe"]), model.unet, model.cross
    with torch.no_grad():
        text, there = model.text(tokens)
        whole = torch.stack([row[seen].mean(0) for row, seen in zip(text, there)])
        emb = unet.time(du.timestep_embedding(1000 * t, unet.time[0].in_features)) + model.whole(whole)
        emb, h, kept = torch.nn.functional.silu(emb), unet.first(x), []
        for level in range(len(widths)):
            h = unet.down[level](h, emb)
            h = cross["down"](h, text, there) if level == len(widths) - 2 else h
            kept.append(h)
            h = unet.shrink[level](h)
        h = unet.middle[1](cross["middle"](unet.attention(unet.middle[0](h, emb)), text, there), emb)
        for i, skip in enumerate(reversed(kept)):
            h = unet.up[i](h + skip, emb)
            h = unet.grow[i](cross["up"](h, text, there) if i == 1 else h)
        close(model(x, t, tokens), unet.answer(x, torch.nn.functional.silu(unet.norm(h)), emb), products(model))


def test_words_their_order_and_every_map_matter(words, noise):
    model, x = woken(small()), noise(1, 3, 16, 16)
    one, other = words.encode(["red robe, blue staff", "blue robe, red staff"]).split(1)
    with torch.no_grad():
        both = model(x, 0.5, one), model(x, 0.5, other), model(x, 0.5)
        assert all((a - b).abs().max() > 1e-4 for a, b in ((both[0], both[1]), (both[0], both[2])))
        for name, cross in model.cross.items():
            kept = cross.out.weight.clone()
            cross.out.weight.zero_()
            assert (model(x, 0.5, one) - both[0]).abs().max() > 1e-5, name
            cross.out.weight.copy_(kept)


def test_padding_and_neighbours_do_not_matter(words, noise):
    model, x = woken(small()), noise(2, 3, 16, 16)
    tokens = words.encode(["a wizard", "a knight in a red robe with a blue staff"])
    with torch.no_grad():
        both, alone = model(x, 0.5, tokens), model(x[:1], 0.5, tokens[:1])
        close(both[:1], alone, 4 * products(model))
        close(model(x, 0.5, torch.zeros(2, 7, dtype=torch.long)), model(x, 0.5), 4 * products(model))
        close(model(x, 0.5, tokens[0]), model(x, 0.5, tokens[:1].expand(2, -1)), 4 * products(model))


def test_what_a_pixel_looks_at_sums_to_one_and_leaves_padding_out(words, noise):
    model = woken(small())
    text, there = model.text(words.encode(["a wizard", "a knight in a red robe"]))
    weights = model.cross["down"].looks(noise(2, 16, 8, 8), text, there)
    assert weights.shape == (2, 2, 64, 7) and there.sum(1).tolist() == [3, 7]
    close(weights.sum(3), torch.ones(2, 2, 64), 8)
    assert (weights[0, :, :, 3:] == 0).all()


def test_guidance_and_negative_prompts(words, noise, unet):
    model, ab_t, x = woken(small()), unet[1], noise(2, 3, 16, 16)
    asked, away = words.encode(["a wizard", "a knight"]), words.encode("red robe")
    with torch.no_grad():
        cond, uncond, other = model(x, 0.5, asked), model(x, 0.5), model(x, 0.5, away)
        close(du.Guided(model, 2)(x, 0.5, asked), uncond + 2 * (cond - uncond), 16 * products(model))
        close(du.Guided(model, 2, away)(x, 0.5, asked), other + 2 * (cond - other), 16 * products(model))
    assert du.sample(du.Guided(model, 2), ab_t, 2, asked, steps=2).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("kind, far", [(torch.half, 0.05), (torch.bfloat16, 0.3), (torch.double, 0.01)])
def test_it_draws_in_every_precision(words, unet, kind, far):
    model, tokens = woken(small()), words.encode("a wizard in a red robe")
    drawn = du.sample(du.Guided(model, 2), unet[1], 2, tokens, steps=2)
    again = du.sample(du.Guided(model.to(kind), 2), unet[1], 2, tokens, steps=2)
    assert (again - drawn).abs().max() < far * drawn.abs().max()


def test_every_weight_learns_and_dropping_is_the_empty_prompt(words, sprites, unet):
    model = woken(small())
    data = du.Sprites(sprites.x[:8], words.encode(["a wizard in a red robe", "knight"] * 4), None)
    trainer = du.Trainer(model, data, unet[1], batch=8, drop=0.5, device="cpu")
    c = trainer.next_batch()[1]
    assert c.dtype == torch.long and 0 < (c == 0).all(1).sum() < 8
    before = {name: p.clone() for name, p in model.named_parameters()}
    for _ in trainer.run(steps=3):
        pass
    still = [name for name, p in model.named_parameters() if torch.equal(p, before[name])]
    assert not still, still


@pytest.mark.parametrize(
    "c, says",
    [
        (torch.zeros(2, 3), "whole numbers"),
        (torch.tensor([[16, 0], [1, 2]]), "must lie in 0..15"),
        (torch.tensor([[0, 1], [1, 2]]), "at its end alone"),
        (torch.ones(3, 4, dtype=torch.long), "do not fit 2 images"),
        (torch.ones(2, 13, dtype=torch.long), "at most 12 words"),
        (["a wizard"], "Words.encode"),
    ],
)
def test_bad_tokens_are_said_in_one_sentence(noise, c, says):
    with pytest.raises(ValueError, match=says):
        small()(noise(2, 3, 16, 16), 0.5, c)


@pytest.mark.parametrize("c", ["a wizard", ["a wizard", "a knight"]])
def test_who_asks_with_a_text_hears_how_it_becomes_tokens(unet, c):
    with pytest.raises(ValueError, match="becomes such a row by Words.encode"):
        du.sample(du.Guided(small(), 2), unet[1], 2, c, steps=2)


def test_a_negative_prompt_of_another_length_is_refused(words, noise):
    asked, away = words.encode("a wizard"), words.encode("red robe")[:, :2]
    with pytest.raises(ValueError, match="12 entries a row, the negative one 2"):
        du.Guided(small(), 2, away)(noise(1, 3, 16, 16), 0.5, asked)


def test_other_networks_and_sizes_are_refused(noise):
    for n_words in (0, "a wizard", ["a", "wizard"]):
        with pytest.raises(ValueError, match="n_words is how many words there are"):
            prompts.PromptUnet(n_words)
    with pytest.raises(ValueError, match="from_unet takes a du.Unet"):
        prompts.PromptUnet.from_unet(torch.nn.Linear(1, 1), 5)
    with pytest.raises(ValueError, match="two widths"):
        prompts.PromptUnet(5, widths=(8,))
    with pytest.raises(ValueError, match="divisible by 4"):
        small()(noise(1, 3, 15, 15), 0.5)


# ---------------------------------------------------------------------------------------------------------------- judge


LINES = [
    {"class": "hero", "kind": "wizard", "colour": "red", "parts": ["hat", "robe"]},
    {"class": "food", "kind": "pizza", "colour": None, "parts": []},
    {"class": "hero", "kind": "wizard", "colour": "blue", "parts": ["robe"]},
]
NAMES = {"kind": ["food/pizza", "hero/wizard"], "colour": ["blue", "red"], "part": ["hat", "robe"]}


def test_what_is_true_of_a_sprite(train_judge, monkeypatch):
    monkeypatch.setattr(train_judge, "AT_LEAST", 1)
    assert train_judge.names_of(LINES) == NAMES
    truth = train_judge.truth_of(LINES, NAMES)
    assert truth["kind"].tolist() == [1, 0, 1] and truth["colour"].tolist() == [1, -1, 0]
    assert truth["part"].tolist() == [[1, 1], [0, 0], [0, 1]]


def test_accuracy_counts_what_is_right(train_judge):
    truth = train_judge.truth_of(LINES, NAMES)

    def answers(x):  # right, but for one kind, one colour, a hat not found and a robe that is not there
        kind = torch.tensor([[0.0, 1], [0, 1], [0, 1]])
        colour, part = torch.tensor([[0.0, 1]] * 3), torch.tensor([[-1.0, 1]] * 3)
        return {"kind": kind, "colour": colour, "part": part}

    shares = train_judge.accuracy(answers, torch.zeros(3, 3, 16, 16), truth)
    assert shares == pytest.approx({"kind": 2 / 3, "colour": 1 / 2, "parts found": 2 / 3, "parts right": 2 / 3})


def test_the_judge_learns_and_a_sprite_without_a_main_colour_teaches_none(train_judge, sprites):
    truth, judge = train_judge.truth_of(LINES, NAMES), prompts.Judge(NAMES)
    only = {head: values[1:2] for head, values in truth.items()}
    judge.eval()
    train_judge.loss_of(judge(sprites.x[1:2]), only).backward()
    assert not judge.heads["colour"].weight.grad.any() and judge.heads["kind"].weight.grad.any()
    optimizer, losses = torch.optim.AdamW(judge.parameters(), 1e-2), []
    two = {head: values[[0, 2]] for head, values in truth.items()}
    for _ in range(15):
        loss = train_judge.loss_of(judge.train()(sprites.x[[0, 2]]), two)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_the_judge_refuses_other_pictures():
    with pytest.raises(ValueError, match="the judge knows colour images"):
        prompts.read(torch.zeros(2, 1, 16, 16) - 0.5, prompts.Judge(NAMES))


# ------------------------------------------------------------------------------------------------------------ obedience


MONK = {"class": "hero", "kind": "monk", "noun": "monk", "colour": "red", "parts": ["hat", "robe", "sash"],
        "captions": ["monk", "a monk in a dark red robe", "a monk with a red sash"]}  # fmt: skip


@pytest.mark.parametrize(
    "text, colour, parts",
    [
        ("monk", None, []),
        ("a monk in a red robe", "red", ["robe"]),
        ("a monk in a long dark red robe with a blue sash", "red", ["robe", "sash"]),
        ("a monk with a red sash", None, ["sash"]),  # the sash is asked for, not the robe
        ("a monk in a robe with a red sash", None, ["robe", "sash"]),
        ("monk, red robe, hat", "red", ["hat", "robe"]),
    ],
)
def test_what_a_caption_asks_for(text, colour, parts):
    assert prompts.asked_for(MONK, text) == {"noun": "monk", "colour": colour, "parts": parts}


def test_a_golden_thing_is_yellow_and_a_noun_is_no_part():
    apple = {"noun": "apple", "colour": "yellow", "parts": ["leaf"], "captions": ["apple", "a golden apple"]}
    assert prompts.asked_for(apple, "a bitten golden apple with a leaf")["colour"] == "yellow"
    eye = {"noun": "floating eye", "colour": None, "parts": ["eye"], "captions": ["floating eye"]}
    assert prompts.asked_for(eye, "a floating eye") == {"noun": "floating eye", "colour": None, "parts": []}


def test_every_shade_of_the_captions_is_known(make_captions):
    shades = {word: colour for colour, words in prompts.SHADES.items() for word in words.split()}
    assert shades == {word: colour for word, colour in make_captions.NAMED.items()}


def test_obedience_counts_what_was_named(monkeypatch, noise):
    """Four answers of the judge: all right; another colour; another kind; a part not found, and one that is no part."""
    answers = [("hero/monk", "red", ["robe", "sash"]), ("side-facing/monk", "blue", ["robe", "sash"]),
               ("hero/wizard", "red", ["hat", "robe", "sash"]), ("hero/monk", "red", ["hat", "robe"])]  # fmt: skip
    seen = [dict(zip(("kind", "colour", "parts"), answer)) for answer in answers]
    monkeypatch.setattr(prompts, "read", lambda x, judge: seen)
    judge = prompts.Judge({"kind": ["hero/monk"], "colour": ["blue", "red"], "part": ["hat", "robe", "sash"]})
    text = "a monk in a red robe with a sash"
    found = prompts.obeyed([text] * 4, [MONK] * 4, noise(4, 3, 16, 16), judge)
    assert found == pytest.approx({"kind": 3 / 4, "colour": 3 / 4, "parts": 7 / 8, "whole": 1 / 4, "all": 13 / 16})
    alone = prompts.obeyed(["monk"] * 4, [MONK] * 4, noise(4, 3, 16, 16), judge)
    assert alone["all"] == alone["kind"] == 3 / 4 and alone["colour"] != alone["colour"]  # nan: none was named


def test_real_sprites_are_what_their_captions_say():
    captions = prompts.load_captions()
    rows = captions.parts()["held_out"][:300]
    lines, x = [captions.lines[i] for i in rows.tolist()], du.load_sprites("all").x[rows]
    own = prompts.obeyed([line["captions"][1] for line in lines], lines, x)
    assert own["kind"] > 0.98 and own["colour"] > 0.95 and own["all"] > 0.95
    of_others = prompts.obeyed([line["captions"][1] for line in lines], lines, x.roll(1, 0))
    assert of_others["kind"] < 0.1 and of_others["all"] < 0.3


def test_obedience_refuses_what_does_not_fit(noise):
    with pytest.raises(ValueError, match="2 texts and 1 lines for 1 images"):
        prompts.obeyed(["monk", "monk"], [MONK], noise(1, 3, 16, 16))
    with pytest.raises(ValueError, match="a text for each image"):
        prompts.obeyed("monk", [MONK] * 4, noise(4, 3, 16, 16))


# ------------------------------------------------------------------------------------------------------------ training


CAPTIONS = [["wizard", "a wizard in a red robe"], ["knight"], ["octopus", "box", "leaf"], ["staff"]]


@pytest.fixture
def trainer(words, sprites, unet):
    def make(model=None, captions=CAPTIONS, **how):
        how = {"batch": 4, "device": "cpu"} | how
        return prompts.PromptTrainer(model or small(), sprites.x[:4], captions, words, unet[1], **how)

    return make


def test_a_sprite_is_shown_with_one_of_its_own_captions_and_each_has_its_turn(trainer, sprites, words):
    here, seen = trainer(drop=0.25), [set() for _ in CAPTIONS]
    for _ in range(60):
        x0, tokens, *_ = here.next_batch()
        assert tokens.shape == (4, words.length) and tokens.dtype == torch.long
        for x, row in zip(x0, tokens):
            number = next(i for i in range(4) if torch.equal(x, sprites.x[i]))
            seen[number].add(words.decode(row))
    assert seen == [{*texts, ""} for texts in CAPTIONS]  # with the empty prompt, now and then


def test_the_longest_caption_may_be_shown_more_often(trainer, sprites, words):
    def shown(**how):
        """The captions of the first sprite, which has a short and a long one, as they come up."""
        here, seen = trainer(drop=0.0, **how), []
        for x0, tokens, *_ in (here.next_batch() for _ in range(80)):
            seen += [words.decode(row) for x, row in zip(x0, tokens) if torch.equal(x, sprites.x[0])]
        return seen.count(CAPTIONS[0][1]) / len(seen)

    assert shown(longest=1.0) == 1 and 0.3 < shown() < 0.7 < shown(longest=0.7) < 0.97
    with pytest.raises(ValueError, match="longest is a share of the captions that are shown, 0 to 1, not 2"):
        trainer(longest=2)


@pytest.mark.parametrize("drop, empty", [(0.0, 0), (1.0, 4)])
def test_never_and_always_dropped(trainer, drop, empty):
    assert (trainer(drop=drop).next_batch()[1] == 0).all(1).sum() == empty


def test_it_learns_and_goes_on_as_if_never_stopped(trainer):
    torch.manual_seed(0)
    one = small()
    two = small()
    two.load_state_dict(one.state_dict())
    whole, first = trainer(one, seed=3, anneal=None), trainer(two, seed=3, anneal=None)
    losses = [p.loss.item() for p in whole.run(steps=6)]
    half = [p.loss.item() for p in first.run(steps=3)]
    state = first.state_dict()
    again = trainer(small(), seed=3, anneal=None)
    again.load_state_dict(state)
    half += [p.loss.item() for p in again.run(steps=6)]
    assert half == losses  # the same instructions on the same machine
    assert again.model.info["T"] == 500


@pytest.mark.parametrize(
    "captions, says",
    [
        (CAPTIONS[:3], "4 images but captions of 3"),
        (["wizard", "knight", "box", "leaf"], "there is a list of captions"),
        ([*CAPTIONS[:3], []], "each image needs at least one caption"),
        ([*CAPTIONS[:3], ["a unicorn"]], "never read the word 'unicorn'"),
    ],
)
def test_captions_that_do_not_fit_are_refused(trainer, captions, says):
    with pytest.raises(ValueError, match=says):
        trainer(captions=captions)


def test_saved_and_loaded_it_answers_the_same(words, noise, unet, tmp_path):
    model = woken(small())
    model.info |= {"schedule": "cosine", "T": 500}
    prompts.save_prompts(model, words, tmp_path / "p.pth", steps=7)
    again, ab_t, known = prompts.load_prompts(tmp_path / "p.pth", "cpu")
    assert known.vocabulary == words.vocabulary and known.length == words.length
    assert torch.equal(ab_t, unet[1]) and again.info["steps"] == 7
    assert not again.training and not any(p.requires_grad for p in again.parameters())
    x, tokens = noise(2, 3, 16, 16), words.encode(["a wizard in a red robe", "box"])
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.half())  # what a file in half precision can hold
        close(again(x, 0.4, tokens), model(x, 0.4, tokens), products(model))


def test_what_was_set_later_is_saved_with_it(words, tmp_path):
    """What the Unet it began with predicts, a schedule of one's own, another size: as `load_model` reads them."""
    unet = du.Unet(widths=(8, 16, 24), in_channels=1)
    ab_t = du.noise_schedule("linear", 50)
    unet.predicts, unet.info = "x0", {"schedule": ab_t, "size": (28, 28)}
    model = prompts.PromptUnet.from_unet(unet, 15, width=16, length=12)
    prompts.save_prompts(torch.nn.DataParallel(model), words, tmp_path / "p.pth")
    again, schedule, _ = prompts.load_prompts(tmp_path / "p.pth", "cpu")
    assert again.predicts == "x0" and torch.equal(schedule, ab_t)
    assert du.sample(again, schedule, 1, steps=1).shape == (1, 1, 28, 28)


@pytest.mark.parametrize(
    "wrong, says",
    [
        (lambda model, words: (model, words.vocabulary), "as Words, not a list"),
        (
            lambda model, words: (model, prompts.Words(words.vocabulary[:3], 12)),
            "built for 15 words, the vocabulary has 3",
        ),
        (
            lambda model, words: (model, prompts.Words(words.vocabulary, 20)),
            "reads prompts of 12 words, these are of 20",
        ),
        (lambda model, words: (du.Guided(model, 2), words), "a PromptUnet reads prompts, not a Guided"),
        (lambda model, words: (model.unet, words), "a PromptUnet reads prompts, not a Unet"),
        (lambda model, words: (model, words), "without its schedule"),
    ],
)
def test_what_could_not_be_used_is_not_saved(words, tmp_path, wrong, says):
    with pytest.raises(ValueError, match=says):
        prompts.save_prompts(*wrong(small(), words), tmp_path / "p.pth")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changed, says",
    [
        ({"words": ["a", "wizard"]}, "built for 15 words, the vocabulary has 2"),
        ({"words": 7}, "does not fit the network"),
        ({"info": {}}, "does not fit the network"),
        ({"config": {"n_words": 15}}, "does not fit the network"),
        ({"config": {"n_words": 15, "depth": 3}}, "does not fit the network"),
        ({"state": {}}, "does not fit the network"),
    ],
)
def test_a_file_that_does_not_fit_itself_is_refused(words, tmp_path, changed, says):
    model, file = small(), tmp_path / "p.pth"
    model.info |= {"schedule": "cosine", "T": 50}
    prompts.save_prompts(model, words, file)
    saved = du.load_file(file)
    torch.save(saved | changed, file)
    with pytest.raises(ValueError, match=says) as error:
        prompts.load_prompts(file, "cpu")
    assert "\n" not in str(error.value)
    saved["state"]["whole.weight"] *= torch.nan
    torch.save(saved, file)
    with pytest.raises(ValueError, match="NaN or infinite"):
        prompts.load_prompts(file, "cpu")


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not a network that reads prompts"):
        prompts.load_prompts(du.WEIGHTS / "unet.pth")
    with pytest.raises(FileNotFoundError):
        prompts.load_prompts(tmp_path / "none.pth")
