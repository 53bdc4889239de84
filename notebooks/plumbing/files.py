"""Weights in files: written whole or not at all, read back before the old file goes, read as nothing but tensors,
numbers and text; and the networks in them, recognised however they were saved.

`diffusion_utilities` re-exports `save_file` and `load_file`; its `save_model` and `load_model` stand on these.
"""

import glob
import io
import json
import os
import re
import tempfile
import time
import zipfile
from pathlib import Path, PurePath

import numpy as np
import torch
import torch.nn as nn

from plumbing.images import need

# ------------------------------------------------------------------------------------------------------------- writing


def write_file(file, content, check=None):
    """Write bytes under a name, whole or not at all: beside it first, read back by `check`, then renamed.

    Raises OSError in one sentence if that cannot be done; then, and if `check` raises, the old file stays as it was.
    """
    file, beside = Path(file), None
    try:
        if file.parent.exists() and not file.parent.is_dir():
            raise NotADirectoryError(0, f"{file.parent} is a file, not a folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in file.parent.glob(f"{glob.escape(file.name)}*.part"):
            if time.time() - left.stat().st_mtime > 600:  # of a save that was killed: a younger one may be under way
                left.unlink(missing_ok=True)
        handle, beside = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())  # a power cut must not find the new name before the new bytes
        if check:
            check(beside)
        os.chmod(beside, 0o644)
        os.replace(beside, file)
    except BaseException as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise OSError(f"{file} could not be written ({reason}); what was there before is unchanged") from None
        raise
    return file


def storable(value, name="the state"):
    """The value in the types that a weights file may hold: NumPy's become Python's and torch's, paths become text.

    Raises, and names the place: ValueError for a type that could not be read again, FloatingPointError for NaN.
    """
    if torch.is_tensor(value):
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise FloatingPointError(
                f"{name} holds NaN or infinite values, which must not replace what was saved before"
            )
        return value.detach()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(np.array(value))
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, dict):
        return {key: storable(v, f"{name}[{key!r}]") for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(storable(v, f"{name}[{i}]") for i, v in enumerate(value))
    plain = value is None or type(value) in (bool, int, float, complex, str, bytes)
    need(plain, f"{name} is a {type(value).__name__}, which a weights file cannot hold: only tensors, numbers and text")
    return value


def _as_safetensors(state):
    """The bytes of a .safetensors file: the tensors, and what else `save_model` says as JSON in the header."""
    from safetensors.torch import save

    tensors, said = state, {}
    if "config" in state:
        tensors = state["state"]
        said = {k: json.dumps(state[k], default=lambda tensor: tensor.tolist()) for k in ("config", "info")}
    need(all(map(torch.is_tensor, tensors.values())), "a .safetensors file holds nothing but tensors: save it as .pth")
    return save({k: v.clone(memory_format=torch.contiguous_format) for k, v in tensors.items()}, said)


def _deflated(archive):
    """The bytes of a file of torch.save, its records compressed without loss: torch.load reads them as before."""
    stream = io.BytesIO()
    with zipfile.ZipFile(archive) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        for record in before.namelist():
            after.writestr(zipfile.ZipInfo(record), before.read(record), zipfile.ZIP_DEFLATED)  # no clock: equal bytes
    return stream


def save_file(state, file, check=None, pack=False):
    """Save tensors, numbers and text (nested in dicts and lists) for `load_file`, as .safetensors if the name ends so.

    pack: compress a .pth without loss. Half precision becomes a tenth smaller; such a file cannot be memory-mapped.

    What was written is read back (by `check`, else `load_file`) before it replaces the old file, which stays if
    anything goes wrong: ValueError or (for NaN) FloatingPointError says what cannot be saved, OSError why not there.
    """
    state = storable(state)
    stream = io.BytesIO()
    if Path(file).suffix.lower() == ".safetensors":
        stream.write(_as_safetensors(state))
    else:
        torch.save(state, stream)
        stream = _deflated(stream) if pack else stream

    def read_back(part):
        try:
            (check or load_file)(part)
        except ValueError as error:
            raise ValueError(f"{file} was not written: {str(error).replace(str(part), 'what it would hold')}") from None

    write_file(file, stream.getbuffer(), read_back)


# ------------------------------------------------------------------------------------------------------------- reading


def _load_safetensors(file):
    """The tensors of a .safetensors file; of one that `save_model` wrote, dict(config=, state=, info=)."""
    from safetensors import safe_open

    with safe_open(file, "pt") as opened:
        tensors, said = {k: opened.get_tensor(k) for k in opened.keys()}, opened.metadata() or {}
    if "config" not in said:
        return tensors
    return dict(config=json.loads(said["config"]), state=tensors, info=json.loads(said["info"]))


def _damaged(file):
    """Does a checksum of torch.save say that a file has changed since? torch.load does not compare them."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is not None
    except Exception:  # no such archive, or one so broken that torch.load says it
        return False


def load_file(file):
    """What a file of torch.save or of safetensors holds, on the CPU: nothing but tensors, numbers and text.

    A missing, truncated or foreign file raises FileNotFoundError or ValueError in one sentence, and runs no code.
    """
    if not Path(file).is_file():
        raise FileNotFoundError(f"there is no file {file}")
    bad = f"{file} is not a readable weights file"
    need(not _damaged(file), f"{bad}: it is damaged, for its checksums do not fit what it holds")
    try:
        with open(file, "rb") as stream:
            head = stream.read(9)
        # safetensors begins with the length of its header, 8 bytes, and the header with a brace
        return _load_safetensors(file) if head[8:] == b"{" else torch.load(file, "cpu", weights_only=True)
    except ModuleNotFoundError as error:
        raise ValueError(f"{file} is read by a package that is not there: pip install {error.name}") from None
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            raise ValueError(f"{bad}: {error.strerror}") from None
        if foreign := re.search(r"GLOBAL (\S+)", str(error)):
            raise ValueError(
                f"{bad}: it holds Python objects ({foreign[1]}), which can run code; save the network's state_dict()"
            ) from None
        raise ValueError(f"{bad} (truncated or foreign): {type(error).__name__}") from None


# ------------------------------------------------------------------------------------------------------------ networks


def bare(model):
    """The network inside torch.compile, DataParallel, DistributedDataParallel or AveragedModel; else what was given."""
    wrappers = nn.DataParallel, nn.parallel.DistributedDataParallel, torch.optim.swa_utils.AveragedModel
    while isinstance(model, wrappers) or hasattr(model, "_orig_mod"):
        model = model.module if isinstance(model, wrappers) else model._orig_mod
    return model


def _without_wrappers(state):
    """A state dict under the names that it has without the wrappers of `bare`."""
    state = {k.replace("_orig_mod.", ""): v for k, v in state.items() if k != "n_averaged"}
    while state and all(k.startswith("module.") for k in state):
        state = {k.removeprefix("module."): v for k, v in state.items()}
    return state


def _config_of(state):
    """The constructor's arguments of the ContextUnet or Unet that a plain state dict belongs to."""
    shape = {k: tuple(v.shape) for k, v in state.items()}
    if "up0.0.weight" in shape:
        n_feat, in_channels = shape["init_conv.conv1.0.weight"][:2]
        n_cfeat, height = shape["contextembed1.model.0.weight"][1], 4 * shape["up0.0.weight"][2]
        return dict(in_channels=in_channels, n_feat=n_feat, n_cfeat=n_cfeat, height=height)
    widths = [size[0] for k, size in shape.items() if re.fullmatch(r"down\.\d+\.conv1\.weight", k)]
    in_channels, n_cfeat = shape["first.weight"][1], shape["context.weight"][1]
    return dict(in_channels=in_channels, n_cfeat=n_cfeat, widths=widths, attention="attention.qkv.weight" in shape)


def read_network(file, Unet, ContextUnet):
    """The network in a file, in float32 on the CPU, and what the file says of it: (model, info).

    Knows what `save_model` writes, a run's last.pt (the first of its averages), and plain state dicts of either
    network, also of a wrapped one. Raises FileNotFoundError or ValueError in one sentence.
    """
    saved = load_file(file)
    need(isinstance(saved, dict) and saved, f"{file} holds no weights")
    run, described = "emas" in saved, "config" in saved
    info = dict(saved.get("info") or {})
    try:
        state = _without_wrappers(saved["emas"][0] if run else saved["state"] if described else saved)
        config = saved["config"] if described else _config_of(state)
        model = (ContextUnet if "n_feat" in config else Unet)(**config)
        if isinstance(model, ContextUnet) and not (run or described):  # plain, as all files of the sprite course
            info = {"predicts": "eps", "schedule": "linear", "T": 500}
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise ValueError(f"{file} holds the weights of some other network, not of a Unet or ContextUnet") from None
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{file} does not fit the network it names: {str(error).splitlines()[-1].strip()}") from None
    finite = all(torch.isfinite(v).all() for v in model.state_dict().values())
    need(finite, f"{file} holds weights that are NaN or infinite: the training that wrote them had failed")
    info.setdefault("predicts", config.get("predicts"))
    for name in ("classes", "size"):  # JSON knows no tuples
        info[name] = info.get(name) and tuple(info[name])
    if isinstance(info.get("schedule"), list):
        info["schedule"] = torch.tensor(info["schedule"], dtype=torch.float64)
    return model, {k: v for k, v in info.items() if v is not None}
