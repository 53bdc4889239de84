"""Nothing good is overwritten by something bad, what is saved can be read again, and nothing about it is guessed."""

import copy
import errno
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, awake, close, products
from PIL import Image

import diffusion_utilities as du
from plumbing.files import bare, write_file

COSINE = du.noise_schedule("cosine", 50)


def unet(**how):
    torch.manual_seed(0)
    return awake(du.Unet(**{"widths": (8, 16), "attention": False, **how}))


def context_unet():
    torch.manual_seed(0)
    return awake(du.ContextUnet(3, 8, 5, 8))


def equal(a, b):
    """Whether two networks hold the same weights, to the last bit."""
    a, b = bare(a).state_dict(), bare(b).state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[k].cpu(), b[k].cpu()) for k in a)


def trainer(model=None, n=40, size=8, **how):
    x = torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    data = du.Sprites(x, torch.eye(5).repeat(n // 5, 1), tuple("abcde"))
    torch.manual_seed(0)
    return du.Trainer(
        unet() if model is None else model, data, COSINE, **{"batch": 4, "warmup": 0, "device": "cpu", **how}
    )


# ----------------------------------------------------------------------------------------- what is saved can be read


@pytest.mark.parametrize(
    "value, read",
    [(np.mean([1.0, 2.0]), 1.5), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.str_("a"), "a"), (np.bool_(True), True),
     (Path("a") / "b", str(Path("a") / "b")), (["x", (1, np.int8(2))], ["x", (1, 2)]), ({"a": np.int64(1)}, {"a": 1})],
)  # fmt: skip
def test_information_of_any_plain_type_is_saved(tmp_path, value, read):
    du.save_model(unet(), tmp_path / "m.pth", schedule=COSINE, note=value)
    model, _ = du.load_model(tmp_path / "m.pth", "cpu")
    assert model.info["note"] == read and type(model.info["note"]) is type(read)


def test_arrays_become_tensors(tmp_path):
    du.save_file({"a": np.arange(3.0)}, tmp_path / "a.pt")
    assert torch.equal(du.load_file(tmp_path / "a.pt")["a"], torch.arange(3.0, dtype=torch.float64))


@pytest.mark.parametrize("value, kind", [(len, "builtin_function_or_method"), ({1, 2}, "set"), (object(), "object"),
                                         (np.array(["a"], object), "ndarray")])  # fmt: skip
def test_what_could_not_be_read_is_refused_by_name_and_the_old_file_stays(tmp_path, value, kind):
    file = tmp_path / "m.pth"
    du.save_model(unet(), file, schedule=COSINE)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=rf"\['info'\]\['note'\]\['deep'\] is a {kind}, which a weights file cannot"):
        du.save_model(unet(), file, schedule=COSINE, note={"deep": value})
    assert file.read_bytes() == before and os.listdir(tmp_path) == ["m.pth"]


WRAPPED = {
    "compiled": torch.compile,
    "data parallel": torch.nn.DataParallel,
    "averaged": torch.optim.swa_utils.AveragedModel,
    "compiled twice over": lambda net: torch.compile(torch.nn.DataParallel(torch.compile(net))),
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("make", [unet, context_unet])
def test_wrapped_networks_are_saved_as_themselves(tmp_path, wrap, make):
    net = make()
    du.save_model(wrap(net), tmp_path / "m.pth", schedule=COSINE)
    model, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    assert equal(model, net) and model.config == net.config and torch.equal(ab_t, COSINE)


@pytest.mark.parametrize("what", [lambda: torch.nn.Linear(2, 2), lambda: du.Guided(unet(), 2), lambda: unet().cpu])
def test_save_model_refuses_what_is_no_network_of_the_course(tmp_path, what):
    with pytest.raises(ValueError, match="save_model writes a Unet or ContextUnet, not a (Linear|Guided|method)"):
        du.save_model(what(), tmp_path / "m.pth", schedule=COSINE)
    assert not list(tmp_path.iterdir())


class Larger(du.Unet):
    """A network with the same description as a Unet, and one more layer."""

    def __init__(self, *args, **how):
        super().__init__(*args, **how)
        self.more = torch.nn.Linear(2, 2)


def test_what_was_written_is_read_back_before_the_old_file_goes(tmp_path):
    file = tmp_path / "m.pth"
    du.save_model(unet(), file, schedule=COSINE)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"m.pth was not written: what it would hold does not fit.*more.weight"):
        du.save_model(Larger(widths=(8, 8)), file, schedule=COSINE)
    assert file.read_bytes() == before and os.listdir(tmp_path) == ["m.pth"]


def test_bytes_that_arrive_broken_do_not_replace_the_old_file(tmp_path, monkeypatch):
    file, real = tmp_path / "last.pt", torch.save
    du.save_file({"step": 1}, file)
    monkeypatch.setattr(torch, "save", lambda state, stream: (real(state, stream), stream.truncate(100)))
    with pytest.raises(ValueError, match="last.pt was not written: what it would hold is not a readable weights file"):
        du.save_file({"step": 2}, file)
    assert du.load_file(file) == {"step": 1} and os.listdir(tmp_path) == ["last.pt"]


def test_a_packed_file_is_smaller_and_holds_the_same_to_the_bit(tmp_path):
    state = du.load_file(du.WEIGHTS / "unet.pth")["state"]
    for pack in (False, True):
        du.save_file(state, tmp_path / f"{pack}.pth", pack=pack)
    plain, packed = (torch.load(tmp_path / f"{pack}.pth", weights_only=True) for pack in (False, True))
    assert packed.keys() == plain.keys() and all(torch.equal(packed[name], plain[name]) for name in plain)
    size, before = ((tmp_path / f"{pack}.pth").stat().st_size for pack in (True, False))
    assert size < 0.95 * before
    du.save_file(state, tmp_path / "again.pth", pack=True)
    assert (tmp_path / "again.pth").read_bytes() == (tmp_path / "True.pth").read_bytes()


@pytest.mark.parametrize("pack", [False, True])
def test_a_byte_that_changed_on_the_disk_is_noticed_wherever_it_is(tmp_path, pack):
    """torch.load reads on: it does not compare the checksums that it wrote."""
    file = tmp_path / "p.pth"
    du.save_file({"a": torch.linspace(-1, 1, 4000).half()}, file, pack=pack)
    whole, told = file.read_bytes(), 0
    with zipfile.ZipFile(file) as archive:
        record = next(info for info in archive.infolist() if info.filename.endswith("data/0"))
    begin = record.header_offset + 400
    for at in range(begin, begin + record.compress_size - 400, record.compress_size // 9):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ValueError, match="is not a readable weights file") as error:
            du.load_file(file)
        told += "it is damaged" in str(error.value)
    assert told > 0 and (pack or told >= 8)
    file.write_bytes(whole)
    assert du.load_file(file)["a"].shape == (4000,)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_weights_that_are_not_numbers_replace_nothing(tmp_path, bad):
    file, net = tmp_path / "m.pth", unet()
    du.save_model(net, file, schedule=COSINE)
    torch.nn.init.constant_(net.last.bias, bad)
    with pytest.raises(FloatingPointError, match=r"\['state'\]\['last.bias'\] holds NaN or infinite values"):
        du.save_model(net, file, schedule=COSINE)
    assert torch.isfinite(du.load_model(file, "cpu")[0].last.bias).all()


def test_weights_too_large_for_half_precision_are_noticed(tmp_path):
    net = unet()
    torch.nn.init.constant_(net.last.bias, 1e5)
    with pytest.raises(FloatingPointError, match="last.bias"):
        du.save_model(copy.deepcopy(net).half(), tmp_path / "m.pth", schedule=COSINE)


# --------------------------------------------------------------------------------------------- nothing is guessed


def test_a_schedule_must_be_known(tmp_path):
    with pytest.raises(ValueError, match=r"without its schedule.*say schedule= and T=, or schedule=ab_t"):
        du.save_model(unet(), tmp_path / "m.pth")
    with pytest.raises(ValueError, match="say schedule= and T="):
        du.save_model(unet(), tmp_path / "m.pth", schedule="cosine")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_schedule_of_ones_own_comes_back_to_the_bit(tmp_path, suffix):
    own = du.noise_schedule("linear", 40, beta1=0.003, beta2=0.07)
    du.save_model(unet(predicts="x0"), tmp_path / f"m.{suffix}", schedule=own)
    model, ab_t = du.load_model(tmp_path / f"m.{suffix}", "cpu")
    assert torch.equal(ab_t, own) and model.info["T"] == 40 and model.predicts == model.info["predicts"] == "x0"


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_all_that_is_needed_comes_with_the_network(tmp_path, suffix):
    file = tmp_path / f"m.{suffix}"
    du.save_model(unet(n_cfeat=2), file, schedule="cosine", T=50, size=(8, 12), classes=["cat", "dog"], by=Path("me"))
    model, ab_t = du.load_model(file, "cpu")
    assert model.info == dict(predicts="v", schedule="cosine", T=50, channels=3, size=(8, 12), classes=("cat", "dog"),
                              by="me")  # fmt: skip
    assert torch.equal(ab_t, COSINE)
    assert du.sample(model, ab_t, 2, torch.eye(2), steps=2).shape == (2, 3, 8, 12)
    assert du.sample(du.Guided(model, 2.0), ab_t, 2, torch.eye(2), steps=2).shape == (2, 3, 8, 12)
    du.save_model(model, tmp_path / "again.pth")  # all is known
    assert du.load_model(tmp_path / "again.pth", "cpu")[0].info == model.info


def test_the_wrong_number_of_names_is_refused(tmp_path):
    with pytest.raises(ValueError, match="2 names of classes for a network that takes 5"):
        du.save_model(unet(), tmp_path / "m.pth", schedule=COSINE, classes=("cat", "dog"))


def test_images_are_drawn_in_the_size_and_colours_of_the_network():
    assert du.sample(context_unet(), COSINE, 1, steps=1).shape == (1, 3, 8, 8)
    assert du.sample(unet(in_channels=1), COSINE, 1, steps=1).shape == (1, 1, 16, 16)
    assert du.sample(du.Denoiser(lambda x, t, c: x, "x0"), COSINE, 1, steps=1).shape == (1, 3, 16, 16)
    assert du.sample(unet(), COSINE, 1, shape=(3, 4, 4), steps=1).shape == (1, 3, 4, 4)


def test_a_trained_network_knows_what_it_was_trained_for(tmp_path):
    t = trainer(size=24)
    list(t.run(steps=1))
    info = t.ema.model.info
    assert (info["size"], info["classes"], info["channels"], info["T"]) == ((24, 24), tuple("abcde"), 3, 50)
    assert du.sample(t.ema.model, COSINE, 1, steps=1).shape == (1, 3, 24, 24)
    du.save_model(t.ema.model, tmp_path / "m.pth")
    model, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    assert equal(model, t.ema.model) and torch.equal(ab_t, COSINE) and model.info["classes"] == tuple("abcde")


def test_what_was_saved_before_still_loads():
    model, ab_t = du.load_model(du.WEIGHTS / "context_model_31.pth", "cpu")
    assert model.info["size"] == (16, 16) and model.info["classes"] is None and model.info["schedule"] == "linear"
    assert torch.equal(ab_t, du.noise_schedule("linear", 500))
    model, ab_t = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
    assert model.predicts == "v" and torch.equal(ab_t, du.noise_schedule("cosine", 500))


# ------------------------------------------------------------------------------------- networks as others save them

KNOWN = dict(predicts="v", schedule="cosine", T=50)


def write(state, file):
    if file.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in state.items()}, file, {"format": "pt"})
    else:
        torch.save(state, file)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("wrap", [lambda net: net, *WRAPPED.values()], ids=["bare", *WRAPPED])
def test_plain_state_dicts(tmp_path, suffix, half, wrap):
    for make, how in (
        (unet, KNOWN),
        (context_unet, {}),
        (lambda: unet(in_channels=1, n_cfeat=3, attention=True), KNOWN),
    ):
        net, file = make(), tmp_path / f"{make.__name__}.{suffix}".replace("<", "").replace(">", "")
        net = net.half() if half else net
        write(wrap(net).state_dict(), file)
        model, ab_t = du.load_model(file, "cpu", **how)
        assert (
            equal(model, net.float()) and model.config == net.config and next(model.parameters()).dtype == torch.float32
        )
        assert torch.equal(ab_t, COSINE if how else du.noise_schedule("linear", 500))
        assert not any(p.requires_grad for p in model.parameters()) and not model.training


def test_a_plain_unet_does_not_say_what_it_predicts(tmp_path):
    torch.save(unet().state_dict(), tmp_path / "m.pth")
    with pytest.raises(ValueError, match='m.pth holds weights alone: .*predicts and schedule.*predicts="v", schedule='):
        du.load_model(tmp_path / "m.pth")
    with pytest.raises(ValueError, match="predicts, such as"):
        du.load_model(tmp_path / "m.pth", schedule="cosine", T=50)
    with pytest.raises(ValueError, match="'eps', 'x0' or 'v', not 'noise'"):
        du.load_model(tmp_path / "m.pth", schedule="cosine", T=50, predicts="noise")
    model, _ = du.load_model(tmp_path / "m.pth", "cpu", predicts="x0", schedule=COSINE, classes=tuple("abcde"))
    assert model.predicts == "x0" and model.info["classes"] == tuple("abcde")


def test_what_the_file_says_is_not_said_twice(tmp_path):
    du.save_model(unet(), tmp_path / "m.pth", schedule=COSINE)
    with pytest.raises(ValueError, match="m.pth says itself what its predicts is: leave that out"):
        du.load_model(tmp_path / "m.pth", predicts="eps")


def test_safetensors_are_known_by_what_they_hold_not_by_name(tmp_path):
    write(unet().state_dict(), tmp_path / "m.safetensors")
    (tmp_path / "m.safetensors").rename(tmp_path / "m.pth")
    assert equal(du.load_model(tmp_path / "m.pth", "cpu", **KNOWN)[0], unet())


def test_safetensors_written_here_are_safetensors(tmp_path):
    from safetensors.torch import load_file

    du.save_model(unet().to(memory_format=torch.channels_last), tmp_path / "m.safetensors", schedule=COSINE)
    state = load_file(tmp_path / "m.safetensors")
    assert all(torch.equal(v, unet().state_dict()[k]) for k, v in state.items()) and len(state) == len(
        unet().state_dict()
    )
    with pytest.raises(ValueError, match="holds nothing but tensors"):
        du.save_file({"step": 3}, tmp_path / "last.safetensors")


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_truncated_safetensors(tmp_path, share):
    file = tmp_path / "m.safetensors"
    write(unet().state_dict(), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: max(20, int(share * len(whole)))])
    with pytest.raises(ValueError, match="m.safetensors is not a readable weights file"):
        du.load_model(file, "cpu", **KNOWN)


def test_safetensors_is_imported_only_when_it_is_needed():
    code = "import sys, diffusion_utilities; sys.exit('safetensors' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("make", [unet, lambda: context_unet()], ids=["unet", "context_unet"])
def test_the_last_state_of_a_run_is_a_network_too(tmp_path, make):
    t = trainer(make(), half_life=[5, 50])
    list(t.run(steps=3))
    du.save_file(t.state_dict(), tmp_path / "last.pt")
    model, ab_t = du.load_model(tmp_path / "last.pt", "cpu")
    assert equal(model, t.ema.model) and torch.equal(ab_t, COSINE) and model.info["classes"] == tuple("abcde")
    assert model.predicts == t.model.predicts


def test_the_last_state_of_an_older_run_must_be_explained(tmp_path):
    t = trainer()
    state = {k: v for k, v in t.state_dict().items() if k not in ("config", "info")}
    du.save_file(state, tmp_path / "last.pt")
    with pytest.raises(ValueError, match="last.pt holds weights alone"):
        du.load_model(tmp_path / "last.pt")
    assert equal(du.load_model(tmp_path / "last.pt", "cpu", **KNOWN)[0], t.ema.model)
    trainer().load_state_dict(state)  # and can be resumed


@pytest.mark.parametrize(
    "content, reason",
    [
        (lambda: unet(), r"holds Python objects \(diffusion_utilities.Unet\).*save the network's state_dict\(\)"),
        (lambda: {"a": np.float64(1)}, r"holds Python objects \(numpy.*\)"),
        (lambda: torch.nn.Linear(2, 2).state_dict(), "holds the weights of some other network"),
        (lambda: {1: torch.zeros(2)}, "holds the weights of some other network"),
        (lambda: {**unet().state_dict(), "context.weight": torch.zeros(3)}, "holds the weights of some other network"),
        (lambda: {k: v for k, v in unet().state_dict().items() if "middle" not in k}, "does not fit the network"),
        (lambda: {k: v * torch.nan for k, v in unet().state_dict().items()}, "NaN or infinite: the training"),
    ],
    ids=["a whole network", "numpy", "linear", "numbered", "flat", "incomplete", "NaN"],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, content, reason):
    torch.save(content(), tmp_path / "m.pth")
    with pytest.raises(ValueError, match=reason) as caught:
        du.load_model(tmp_path / "m.pth", "cpu", **KNOWN)
    assert "m.pth" in str(caught.value) and "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------------- where it is written


def full(monkeypatch, code=errno.ENOSPC):
    def fails(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    du.save_file({"step": 1}, tmp_path / "last.pt")
    full(monkeypatch)
    with pytest.raises(OSError, match=r"last.pt could not be written \(No space left on device\); what was there"):
        du.save_file({"step": 2}, tmp_path / "last.pt")
    assert du.load_file(tmp_path / "last.pt") == {"step": 1} and os.listdir(tmp_path) == ["last.pt"]


def test_a_file_in_the_folders_place_and_a_folder_in_the_files(tmp_path):
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(OSError, match=r"could not be written \(.*runs is a file, not a folder\)"):
        du.save_file({"step": 1}, tmp_path / "runs" / "last.pt")
    with pytest.raises(OSError, match="could not be written"):
        du.save_file({"step": 1}, tmp_path / "runs" / "deeper" / "last.pt")
    assert (tmp_path / "runs").read_text() == "mine"
    (tmp_path / "last.pt").mkdir()
    with pytest.raises(OSError, match="last.pt could not be written"):
        du.save_file({"step": 1}, tmp_path / "last.pt")
    assert sorted(os.listdir(tmp_path)) == ["last.pt", "runs"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match=r"could not be written \(Permission denied\)"):
        du.save_file({"step": 1}, tmp_path / "last.pt")
    tmp_path.chmod(0o700)


def test_what_killed_saves_left_is_cleared_away(tmp_path):
    for name, age in (("last.ptabc.part", 3600), ("last.ptdef.part", 5), ("other.ptabc.part", 3600)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write_file(tmp_path / "last.pt", b"whole")  # a young one may belong to a save that is under way
    assert sorted(os.listdir(tmp_path)) == ["last.pt", "last.ptdef.part", "other.ptabc.part"]


# --------------------------------------------------------------------------------------------------------- training


def clone(state):
    return {k: v.clone() for k, v in state.items()}


def test_a_state_kept_for_later_does_not_change():
    t = trainer(times="loss-aware")
    list(t.run(steps=2))
    state = t.state_dict()
    kept = copy.deepcopy(state)
    list(t.run(steps=5))
    other = trainer(times="loss-aware")
    other.load_state_dict(state)
    list(other.run(steps=5))  # a training that goes on from it does not change it either
    for part in (lambda s: s["model"], lambda s: s["emas"][0], lambda s: s["optimizer"]["state"][0],
                 lambda s: dict(zip("ab", s["times"])), lambda s: {"order": s["order"]}):  # fmt: skip
        assert part(state).keys() == part(kept).keys()
        assert all(torch.equal(part(state)[k], part(kept)[k]) for k in part(kept))
    assert state["step"] == 2 and equal(other.model, t.model)


def poison(t):
    torch.nn.init.constant_(t.model.last.bias, torch.nan)


def test_a_loss_that_is_not_a_number_is_noticed_after_any_number_of_steps(tmp_path):
    t = trainer()
    with pytest.raises(FloatingPointError, match="the loss became nan at step 14: is the learning rate too large"):
        for p in t.run(steps=40):
            du.save_file(t.state_dict(), tmp_path / "last.pt")
            if p.step == 13:
                poison(t)
    assert du.load_file(tmp_path / "last.pt")["step"] == 13
    again = trainer()
    again.load_state_dict(du.load_file(tmp_path / "last.pt"))
    assert torch.isfinite(next(again.run(steps=40)).loss)


@pytest.mark.parametrize("where", ["model", "average", "optimizer"])
def test_a_state_that_is_not_numbers_is_not_given_out(where):
    t = trainer()
    list(t.run(steps=1))
    slot = {"model": t.model.last.bias, "average": t.ema.model.last.bias,
            "optimizer": t.optimizer.state[t.model.last.bias]["exp_avg_sq"]}[where]  # fmt: skip
    with torch.no_grad():
        slot.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="weights are not numbers at step 1"):
        t.state_dict()


def test_a_learning_rate_that_is_far_too_large_ends_in_an_error():
    with pytest.raises(FloatingPointError, match="the loss became (nan|inf) at step"):
        list(trainer(unet(attention=True), lr=1e30).run(steps=40))


@pytest.mark.parametrize("make", [unet, context_unet])
def test_a_loaded_network_can_be_trained_on(tmp_path, make):
    du.save_model(make(), tmp_path / "m.pth", schedule="cosine", T=50, maker="me")
    model, ab_t = du.load_model(tmp_path / "m.pth", "cpu")
    t = trainer(model)
    list(t.run(steps=2))
    assert not equal(t.model, make()) and t.model is model
    assert model.info["schedule"] == "cosine" and model.info["maker"] == "me" and model.info["size"] == (8, 8)
    du.save_model(t.ema.model, tmp_path / "m.pth")
    assert equal(du.load_model(tmp_path / "m.pth", "cpu")[0], t.ema.model)


def test_what_is_frozen_in_part_stays_so():
    net = unet()
    net.down.requires_grad_(False)
    t = trainer(net)
    list(t.run(steps=2))
    assert all(torch.equal(a, b) for a, b in zip(net.down.parameters(), unet().down.parameters()))
    assert not equal(net.up, unet().up)


@pytest.mark.parametrize("wrap", [torch.nn.DataParallel, lambda net: torch.compile(net, backend="eager")],
                         ids=["data parallel", "compiled"])  # fmt: skip
def test_wrapped_networks_train_as_what_they_are(wrap):
    t, plain = trainer(wrap(unet(predicts="x0"))), trainer(unet(predicts="x0"))
    losses = [[p.loss.item() for p in run.run(steps=2)] for run in (t, plain)]
    close(*losses, terms=2 * 2 * products(plain.model))  # compiled code may add in another order, there and back
    assert (
        isinstance(t.model, du.Unet)
        and t.model.predicts == "x0"
        and t.state_dict()["model"].keys() == plain.model.state_dict().keys()
    )


def test_resuming_obeys_the_settings_of_the_new_trainer():
    t = trainer(lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0)
    list(t.run(steps=1))
    other = trainer(lr=5e-4, betas=(0.8, 0.95), weight_decay=0.1, anneal=None)
    other.load_state_dict(t.state_dict())
    list(other.run(steps=2))
    group = other.optimizer.param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (5e-4, (0.8, 0.95), 0.1)
    assert other.optimizer.state[other.model.last.bias]["step"] == 2  # its memory was kept


def test_a_state_of_another_network_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"the run trained a network of .*'widths': \(8, 16\).*cannot go on") as caught:
        trainer(unet(widths=(8, 8))).load_state_dict(trainer().state_dict())
    assert "\n" not in str(caught.value)


# --------------------------------------------------------------------------------------------------------- pictures

FILM = du.Picture(np.arange(3, dtype=np.uint8)[:, None, None, None] * np.full((3, 4, 4, 3), 100, np.uint8), "levels",
                  fps=10, hold=1.5)  # fmt: skip


@pytest.mark.parametrize("name", ["x.mp4", "x.jpg", "x.webp", "x", "x.png.txt"])
def test_a_picture_is_not_written_under_a_wrong_name(tmp_path, name):
    with pytest.raises(ValueError, match=rf"written as .png or .gif, not as '.*{name}'"):
        FILM.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name, kind", [("x.GIF", "GIF"), ("x.gif", "GIF"), ("x.PNG", "PNG"), ("x.apng", "PNG")])
def test_a_picture_is_what_its_suffix_says(tmp_path, name, kind):
    with Image.open(FILM.save(tmp_path / name)) as image:
        assert image.format == kind and image.n_frames == 3


@pytest.mark.parametrize("name", ["x.gif", "x.png"])
def test_both_kinds_of_film_hold_the_last_frame(tmp_path, name):
    with Image.open(FILM.save(tmp_path / name)) as image:
        pauses = []
        for i in range(3):
            image.seek(i)
            image.load()
            pauses.append(image.info["duration"])
    assert pauses == [100, 100, 1600]


def test_a_picture_on_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    FILM.save(tmp_path / "x.png")
    before = (tmp_path / "x.png").read_bytes()
    full(monkeypatch)
    with pytest.raises(OSError, match=r"x.png could not be written \(No space left"):
        FILM.save(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == before and os.listdir(tmp_path) == ["x.png"]
