"""EMA, the training loop, stopping and going on, and files of weights that survive crashes and foreigners."""

import copy
import math
import pickle

import pytest
import torch
from conftest import awake, close, products

import diffusion_utilities as du

COSINE = du.noise_schedule("cosine", 100)


def trainer(sprites, n=60, model=None, **settings):
    """A small network on a few sprites, on the CPU; the same weights every time."""
    torch.manual_seed(0)
    model = model or du.Unet(widths=(8, 8), attention=False)
    settings = {"batch": 20, "warmup": 0, "device": "cpu", **settings}
    return du.Trainer(model, du.Sprites(sprites.x[:n], sprites.c[:n], sprites.classes), COSINE, **settings)


def same(a, b):
    """Whether two nested states are equal to the last bit."""
    if torch.is_tensor(a):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def without_clock(state):
    return {k: v for k, v in state.items() if k != "seconds"}


# ----------------------------------------------------------------------------------------------------------------- EMA


def test_ema_of_constant_weights_is_those_weights_buffers_included():
    model = awake(du.ContextUnet(3, 8, 5, 8)).train()
    model(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)), 0.5)  # moves BatchNorm's statistics
    ema = du.EMA(model)
    for _ in range(20):
        ema.update(model)
    for name, value in model.state_dict().items():
        close(ema.model.state_dict()[name].float(), value.float(), terms=20)  # a rounding an update
    assert model.init_conv.conv1[1].running_mean.any() and model.init_conv.conv1[1].num_batches_tracked == 1


def test_ema_moves_floats_slowly_and_copies_counters():
    model = torch.nn.BatchNorm1d(2)
    ema = du.EMA(model, half_life=10)
    ema.steps = 10**6  # far behind the ramp
    model.running_mean.fill_(1.0)
    model.num_batches_tracked.fill_(7)
    for _ in range(10):
        ema.update(model)
    close(ema.model.running_mean, torch.tensor([0.5, 0.5]), terms=20)  # after one half-life
    assert ema.model.num_batches_tracked == 7


def test_ema_ramp_forgets_the_first_weights():
    model = torch.nn.Linear(1, 1)
    ema = du.EMA(model, half_life=10**6)
    torch.nn.init.constant_(model.weight, 5.0)
    ema.update(model)
    first = (ema.model.weight.item() - 5) / 5
    assert abs(first) < 0.2  # decay 1 - 1/1.1 = 0.09
    for _ in range(500):
        ema.update(model)
    assert ema.model.weight.item() == pytest.approx(5, abs=1e-4)


def test_ema_model_is_frozen_in_eval_mode_and_a_copy():
    model = du.Unet(widths=(8, 8)).train()
    ema = du.EMA(model)
    assert not ema.model.training and not any(p.requires_grad for p in ema.model.parameters())
    assert model.training and all(p.requires_grad for p in model.parameters())
    assert ema.model.first.weight.data_ptr() != model.first.weight.data_ptr()


# ------------------------------------------------------------------------------------------------------------ batches


def test_each_epoch_shows_every_image_once(sprites):
    t = trainer(sprites, 60)
    for _ in range(3):
        seen = torch.cat([t.next_batch()[0] for _ in range(3)])
        assert du.nearest(seen, sprites.x[:60])[1].sort().values.tolist() == list(range(60))


def test_images_come_with_their_labels(sprites):
    x0, c = trainer(sprites, 200, drop=0.0).next_batch()[:2]
    assert torch.equal(c, sprites.c[du.nearest(x0, sprites.x)[1]])


def test_times_are_stratified_over_1_to_T(sprites):
    t = trainer(sprites, 60, batch=50)
    times = [t.next_batch()[2] for _ in range(200)]
    assert {int(v) for batch in times for v in batch} == set(range(1, 101))
    for batch in times:
        assert torch.equal((batch - 1) // 2, torch.arange(50))  # one from each slice of two


def test_middle_times_follow_a_sine_and_all_count_the_same():
    times, g = du.Times("middle", 10), torch.Generator().manual_seed(0)
    p = times.probabilities()
    assert p.sum().item() == pytest.approx(1) and torch.allclose(p, p.flip(0)) and (p[:5].diff() > 0).all()
    assert (p[4] / p[0]).item() == pytest.approx(math.sin(0.45 * math.pi) / math.sin(0.05 * math.pi))
    t, weight = times.draw(50_000, g)
    assert torch.allclose(torch.bincount(t, minlength=11)[1:] / 50_000, p.float(), atol=1e-3)  # stratified
    assert (weight == 1).all()


def test_uniform_times_reach_from_1_to_T_and_weigh_the_same():
    t, weight = du.Times("uniform", 20).draw(20_000, torch.Generator().manual_seed(0))
    counts = torch.bincount(t, minlength=21)
    assert counts[0] == 0 and len(counts) == 21 and (counts[1:] > 850).all() and (counts[1:] < 1150).all()
    assert torch.allclose(weight, torch.ones(()))


def test_loss_aware_times_follow_the_losses_and_stay_unbiased():
    times, g = du.Times("loss-aware", 4), torch.Generator().manual_seed(0)
    every = torch.arange(1, 5)
    for _ in range(9):
        times.update(every, torch.full((4,), 99.0))  # soon forgotten
    assert torch.allclose(times.probabilities(), torch.full((4,), 0.25).double())  # not yet ten of each
    for _ in range(10):
        times.update(every, torch.tensor([1.0, 2.0, 3.0, 4.0]))
    p = times.probabilities()
    assert torch.allclose(p, 0.999 * torch.tensor([0.1, 0.2, 0.3, 0.4]).double() + 0.001 / 4)
    t, weight = times.draw(50_000, g)
    assert torch.allclose(torch.bincount(t, minlength=5)[1:] / 50_000, p.float(), atol=0.01)
    loss = torch.tensor([5.0, -1.0, 2.0, 0.5])  # its plain mean is what the weighted draws must give
    assert (weight * loss[t - 1]).mean().item() == pytest.approx(loss.mean().item(), abs=0.03)


def test_noise_is_standard_and_differs(sprites):
    t = trainer(sprites, 60, batch=60)
    a, b = t.next_batch()[3], t.next_batch()[3]
    assert abs(a.mean()) < 0.02 and abs(a.std() - 1) < 0.02 and not torch.equal(a, b)


@pytest.mark.parametrize("drop, share", [(0.0, 0.0), (1.0, 1.0), (0.1, 0.1)])
def test_share_of_dropped_contexts(sprites, drop, share):
    t = trainer(sprites, 200, drop=drop, batch=200)
    rows = torch.cat([t.next_batch()[1] for _ in range(20)])
    assert (rows.sum(1) == 0).float().mean().item() == pytest.approx(share, abs=0.02 if 0 < drop < 1 else 0)
    assert ((rows.sum(1) == 0) | (rows.sum(1) == 1)).all()


# ----------------------------------------------------------------------------------------------------------- training


@pytest.mark.parametrize("predicts", ["v", "eps", "x0"])
def test_loss_falls(sprites, predicts):
    torch.manual_seed(0)
    model = du.Unet(widths=(16, 16), attention=False, predicts=predicts)
    small = sprites._replace(x=sprites.x[:, :, ::2, ::2])
    losses = [p.loss.item() for p in trainer(small, 20, model).run(steps=30)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_context_unet_learns_too(sprites):
    torch.manual_seed(0)
    small = sprites._replace(x=sprites.x[:, :, ::2, ::2])
    losses = [p.loss.item() for p in trainer(small, 20, du.ContextUnet(3, 16, 5, 8)).run(steps=20)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


OF_ZERO = {
    "l2": lambda d: d.square().mean(),
    "l1": lambda d: d.abs().mean(),
    "huber": lambda d: torch.where(d.abs() < 1, d * d / 2, d.abs() - 0.5).mean(),
}


@pytest.mark.parametrize("loss, of_zero", OF_ZERO.items())
def test_first_loss_is_that_of_answering_zero(sprites, loss, of_zero):
    twin, t = trainer(sprites, loss=loss), trainer(sprites, loss=loss)
    x0, _, times, noise, _ = twin.next_batch()
    first = next(t.run(steps=1)).loss
    close(first, of_zero(du.target(x0, times, noise, COSINE, "v")), terms=x0[0].numel() + len(x0))


def test_same_seed_same_weights_other_seed_others(sprites):
    a, b, c = (trainer(sprites, seed=s) for s in (0, 0, 1))
    for t in (a, b, c):
        list(t.run(steps=3))
    assert same(a.ema.model.state_dict(), b.ema.model.state_dict())
    assert not same(a.ema.model.state_dict(), c.ema.model.state_dict())


def test_accumulated_parts_make_the_same_step(sprites):
    whole, parts = trainer(sprites, 60, batch=60), trainer(sprites, 60, batch=60, accumulate=4)
    for t in (whole, parts):
        awake(t.model)
    losses = [next(t.run(steps=9)).loss for t in (whole, parts)]
    there = products(whole.model)
    close(*losses, terms=2 * there)  # squared: twice the relative error
    largest = max(p.grad.abs().max().item() for p in whole.model.parameters())
    for a, b in zip(whole.model.parameters(), parts.model.parameters()):  # there and back; a sum over every pixel
        close(a.grad, b.grad, terms=2 * there + 60 * 16 * 16, scale=largest)
    with pytest.raises(ValueError, match="60 images do not divide into 7 parts"):
        trainer(sprites, 60, batch=60, accumulate=7)


def test_several_averages(sprites):
    t = trainer(sprites, half_life=[0.1, 10**6])
    list(t.run(steps=20))
    assert t.ema is t.emas[0] and len(t.emas) == 2
    distance = [(e.model.first.weight - t.model.first.weight).norm() for e in t.emas]
    assert 0 < distance[0] < distance[1]
    with pytest.raises(ValueError, match="2 averages, not 1"):
        trainer(sprites).load_state_dict(t.state_dict())


@pytest.mark.parametrize("anneal, factors", [("linear", [1, 0.75, 0.5, 0.25]), (None, [1, 1, 1, 1]),
                                             ("cosine", [1, 0.853553, 0.5, 0.146447])])  # fmt: skip
def test_annealing(sprites, anneal, factors):
    t = trainer(sprites, anneal=anneal, warmup=0, lr=0.01)
    rates = [t.optimizer.param_groups[0]["lr"] for _ in t.run(steps=4)]
    assert rates == pytest.approx([0.01 * f for f in factors], rel=1e-5)


def test_loss_aware_training_keeps_its_history(sprites):
    t, again = trainer(sprites, 60, times="loss-aware"), trainer(sprites, 60, times="loss-aware", seed=5)
    list(t.run(steps=3))
    assert t.times.seen.sum() == 3 * t.batch and (t.times.history.sum(1) > 0).sum() == (t.times.seen > 0).sum()
    again.load_state_dict(t.state_dict())
    assert torch.equal(again.times.seen, t.times.seen)
    assert next(again.run(steps=9)).loss == next(t.run(steps=9)).loss


def test_bf16_is_computed_when_asked_for(sprites):
    exact, rough = (trainer(sprites, bf16=flag) for flag in (False, True))
    for t in (exact, rough):
        awake(t.model)
    exact, rough = (next(t.run(steps=1)).loss.item() for t in (exact, rough))
    assert rough != exact and rough == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("network", [None, lambda: du.ContextUnet(3, 8, 5, 16)], ids=["unet", "context_unet"])
def test_stopped_saved_and_resumed_is_bit_identical(sprites, network, tmp_path):
    def fresh():
        torch.manual_seed(0)
        return trainer(sprites, 50, network and network())

    straight = fresh()
    straight_losses = [p.loss.item() for p in straight.run(steps=6)]
    first = fresh()
    losses = []
    for p in first.run(steps=6):
        losses.append(p.loss.item())
        if p.step == 3:
            break
    du.save_file(first.state_dict(), tmp_path / "last.pt")
    second = fresh()
    second.load_state_dict(du.load_file(tmp_path / "last.pt"))
    losses += [p.loss.item() for p in second.run(steps=6)]
    assert losses == straight_losses
    assert same(without_clock(second.state_dict()), without_clock(straight.state_dict()))


def test_break_keeps_what_was_learned_and_the_same_trainer_goes_on(sprites):
    a, b = trainer(sprites), trainer(sprites)
    start = copy.deepcopy(a.model.state_dict())
    for p in a.run(steps=6):
        if p.step == 2:
            break
    assert a.step == 2 and not same(a.model.state_dict(), start)
    assert [p.step for p in a.run(steps=6)] == [3, 4, 5, 6]
    list(b.run(steps=6))
    assert same(without_clock(a.state_dict()), without_clock(b.state_dict()))
    assert list(a.run(steps=6)) == []


def test_learning_rate_warms_up_and_falls_to_nearly_zero(sprites):
    t = trainer(sprites, warmup=4, lr=1e-3)
    rates = [t.optimizer.param_groups[0]["lr"] for _ in t.run(steps=10)]
    expected = [1e-3 * min(1, (i + 1) / 4) * (1 - i / 10) for i in range(10)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize("limit, steps", [({"steps": 4}, 4), ({"epochs": 2}, 6), ({"steps": 4, "epochs": 2}, 4),
                                          ({"epochs": 0.4}, 1)])  # fmt: skip
def test_how_long(sprites, limit, steps):
    reports = list(trainer(sprites, 60).run(**limit))
    assert [p.step for p in reports] == list(range(1, steps + 1))
    assert reports[-1].done == 1 and reports[-1].epoch == pytest.approx(steps / 3)


def test_seconds_limit(sprites):
    reports = list(trainer(sprites).run(seconds=0.2))
    assert reports[-1].seconds >= 0.2 and all(p.seconds < 0.2 for p in reports[:-1])


def test_training_without_labels(sprites):
    t = du.Trainer(du.Unet(widths=(8, 8)), sprites.x[:20], COSINE, batch=10, device="cpu")
    assert t.next_batch()[1] is None
    assert len(list(t.run(steps=2))) == 2
    assert not t.model.context.weight.grad  # the context was never used


def test_a_loss_that_is_not_a_number_stops_training(sprites):
    t = trainer(sprites)
    torch.nn.init.constant_(t.model.last.bias, torch.nan)
    with pytest.raises(FloatingPointError, match="loss became nan at step 1"):
        list(t.run(steps=3))


# -------------------------------------------------------------------------------------------------------------- files


def test_a_crash_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "runs" / "last.pt"
    du.save_file({"step": torch.tensor(1)}, file)

    def crash(state, stream):
        stream.write(b"half a fi")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        du.save_file({"step": torch.tensor(2)}, file)
    assert du.load_file(file)["step"] == 1
    assert [f.name for f in file.parent.iterdir()] == ["last.pt"]


def test_nothing_is_seen_under_the_name_until_it_is_whole(tmp_path, monkeypatch):
    file, real, seen = tmp_path / "last.pt", torch.save, []

    def watching(state, stream):
        real(state, stream)
        seen.append(file.exists())

    monkeypatch.setattr(torch, "save", watching)
    du.save_file({"step": torch.tensor(1)}, file)
    assert seen == [False] and file.exists()


@pytest.mark.parametrize("predicts, schedule, T", [("v", "cosine", 500), ("eps", "linear", 100)])
def test_unet_files(tmp_path, noise, predicts, schedule, T):
    model = awake(du.Unet(1, 3, widths=(8, 16), attention=False, predicts=predicts))
    du.save_model(model, tmp_path / "m.pth", schedule=schedule, T=T)
    loaded, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    assert same(loaded.state_dict(), model.state_dict())
    x = noise(2, 1, 8, 8)  # in another memory format than the model's: other instructions
    close(loaded(x, 0.5, torch.eye(3)[:2]), model(x, 0.5, torch.eye(3)[:2]), terms=products(model))
    assert loaded.predicts == predicts and not loaded.training
    assert torch.equal(ab_t, du.noise_schedule(schedule, T))


@pytest.mark.parametrize("half", [False, True])
def test_plain_state_dicts_of_a_context_unet(tmp_path, noise, half):
    model = awake(du.ContextUnet(1, 16, 4, 12))
    state = {k: v.half() if half and v.is_floating_point() else v for k, v in model.state_dict().items()}
    torch.save(state, tmp_path / "m.pth")
    loaded, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    assert loaded.config == dict(in_channels=1, n_feat=16, n_cfeat=4, height=12)
    model.load_state_dict(state)  # with half: the rounded weights, which are what the file holds
    assert same(loaded.state_dict(), model.state_dict())
    x = noise(2, 1, 12, 12)
    close(loaded(x, 0.5, torch.eye(4)[:2]), model(x, 0.5, torch.eye(4)[:2]), terms=products(model))
    assert loaded.predicts == "eps" and torch.equal(ab_t, du.noise_schedule("linear", 500))
    assert next(loaded.parameters()).dtype == torch.float32


def test_original_checkpoints_load_with_a_warning(tmp_path):
    state = {k: v for k, v in du.ContextUnet(3, 8, 5, 16).state_dict().items() if "shortcut" not in k}
    torch.save(state, tmp_path / "model_trained.pth")
    with pytest.warns(UserWarning, match="no trained shortcut"):
        loaded, _ = du.load_model(tmp_path / "model_trained.pth", "cpu")
    assert not loaded.init_conv.shortcut.weight.any()


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*nowhere.pth"):
        du.load_model(tmp_path / "nowhere.pth")


class Evil:
    def __reduce__(self):
        return (print, ("a foreign file ran code",))


def foreign_files():
    whole = pickle.dumps({"a": 1})
    return {
        "a pickle": whole,
        "a pickle that runs code": pickle.dumps(Evil()),
        "text": b"<html>404 not found</html>",
        "empty": b"",
        "a zip that is not torch's": b"PK\x03\x04" + b"\0" * 60,
    }


@pytest.mark.parametrize("content", foreign_files().values(), ids=foreign_files())
def test_foreign_files_are_refused_and_run_no_code(tmp_path, content, capsys):
    (tmp_path / "m.pth").write_bytes(content)
    with pytest.raises(ValueError, match="m.pth (is not a readable weights file|holds the weights of some other)"):
        du.load_model(tmp_path / "m.pth", "cpu")
    assert capsys.readouterr().out == ""


def test_a_torch_file_that_would_run_code_is_refused(tmp_path, capsys):
    torch.save({"model": Evil()}, tmp_path / "m.pth")
    with pytest.raises(ValueError, match="not a readable weights file"):
        du.load_file(tmp_path / "m.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_file(tmp_path, share):
    du.save_model(du.Unet(widths=(8, 8)), tmp_path / "m.pth", schedule="cosine", T=500)
    whole = (tmp_path / "m.pth").read_bytes()
    (tmp_path / "m.pth").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match="m.pth is not a readable weights file"):
        du.load_model(tmp_path / "m.pth", "cpu")


@pytest.mark.parametrize(
    "content",
    [torch.nn.Linear(2, 2).state_dict(), {"config": {"layers": 3}}, {"config": {"layers": 3}, "state": {}, "info": {}}],
    ids=["linear", "config only", "another config"],
)
def test_weights_of_another_network(tmp_path, content):
    torch.save(content, tmp_path / "m.pth")
    with pytest.raises(ValueError, match="some other network"):
        du.load_model(tmp_path / "m.pth", "cpu")


@pytest.mark.parametrize("content", [{}, torch.zeros(3), [1, 2]], ids=["empty", "tensor", "list"])
def test_a_file_without_weights(tmp_path, content):
    torch.save(content, tmp_path / "m.pth")
    with pytest.raises(ValueError, match="holds no weights"):
        du.load_model(tmp_path / "m.pth", "cpu")


def test_weights_that_do_not_fit_their_own_description(tmp_path):
    model = du.Unet(widths=(8, 8))
    state = {k: v for k, v in model.state_dict().items() if k != "last.bias"}
    torch.save({"config": model.config, "state": state, "info": {"schedule": "cosine", "T": 500}}, tmp_path / "m.pth")
    with pytest.raises(ValueError, match="does not fit the network"):
        du.load_model(tmp_path / "m.pth", "cpu")


def test_what_save_model_writes_load_model_reads_for_both_networks(tmp_path, noise):
    model = awake(du.ContextUnet(3, 8, 5, 8))
    du.save_model(model, tmp_path / "m.pth", schedule="rescaled", T=200)
    loaded, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    assert same(loaded.state_dict(), model.state_dict())
    close(loaded(noise(2, 3, 8, 8), 0.5), model(noise(2, 3, 8, 8), 0.5), terms=products(model))
    assert torch.equal(ab_t, du.noise_schedule("rescaled", 200))
