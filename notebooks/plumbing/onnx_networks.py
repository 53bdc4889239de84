"""The course's networks as ONNX files, which a browser can run: `onnx_bytes(model)`.

An ONNX file is a list of operations and the weights, in the protobuf format. What a few U-Nets need of both fits on
this page, so no package is needed to write it. The forward passes stand below once more, line by line as in
`diffusion_utilities` and `prompts`; tests/test_site_live.py runs them in the browser and compares.

(torch.onnx.export was tried in its place. It freezes the number of images of a Unet at that of its example, and does
not say so; it stops at every check of a value, and at the number of words of a prompt; its files hold float32, so they
are twice as large; and it takes 10 to 20 seconds a network.)
"""

import struct

import numpy as np
import torch
import torch.nn as nn

import diffusion_utilities as du
import prompts

OPSET, IR_VERSION = 17, 8
DATA_TYPES = {np.dtype("float32"): 1, np.dtype("int64"): 7, np.dtype("float16"): 10}

# ------------------------------------------------------------------------------------------------------- protobuf


def _varint(n):
    n &= 2**64 - 1  # negative numbers are sent as their two's complement
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def _field(number, value):
    """One field of a message: a whole number, a float, text, bytes (a message, too), or a list of these."""
    if isinstance(value, (list, tuple)):
        return b"".join(_field(number, v) for v in value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _attribute(name, value):
    kind, number = {float: (1, 2), int: (2, 3), str: (3, 4)}.get(type(value), (7, 8))  # else a list of whole numbers
    return _field(1, name) + _field(number, value) + _field(20, kind)


def _tensor(name, array):
    dims, kind = [int(n) for n in array.shape], DATA_TYPES[array.dtype]
    return _field(1, dims) + _field(2, kind) + _field(8, name) + _field(9, array.astype(array.dtype, "C").tobytes())


def _value(name, dims):
    """An input or output: float32, and the first dimension, how many images, is open."""
    shape = b"".join(_field(1, _field(2, d) if isinstance(d, str) else _field(1, d)) for d in dims)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


# ---------------------------------------------------------------------------------------------------------- graph


class Graph:
    """A list of operations that grows: each method adds some, and returns the name of what comes out."""

    def __init__(self):
        self.nodes, self.tensors = [], []

    def op(self, kind, *inputs, **attributes):
        """Add one operation of the ONNX standard."""
        name = f"v{len(self.nodes)}"
        attributes = [_attribute(key, value) for key, value in attributes.items()]
        self.nodes.append(_field(1, inputs) + _field(2, name) + _field(4, kind) + _field(5, attributes))
        return name

    def constant(self, values, dtype=np.float32):
        """Numbers that are no weights, as they are."""
        name = f"c{len(self.tensors)}"
        self.tensors.append(_tensor(name, np.asarray(values, dtype)))
        return name

    def weight(self, tensor):
        """A weight; in half precision, and made float32 where it is used, if this loses nothing."""
        values = tensor.detach().cpu().float()
        half = values.half()
        if not (half.float() == values).all():
            return self.constant(values.numpy())
        return self.op("Cast", self.constant(half.numpy(), np.float16), to=1)

    def weights(self, *tensors):
        return [self.weight(tensor) for tensor in tensors if tensor is not None]

    def linear(self, layer, x):
        """A linear layer on the last dimension of (n, places, channels)."""
        x = self.op("MatMul", x, self.weight(layer.weight.T))
        return x if layer.bias is None else self.op("Add", x, self.weight(layer.bias))

    def split(self, x, parts, axis):
        """x cut into equal parts; their names."""
        names = [f"v{len(self.nodes)}_{i}" for i in range(parts)]
        self.nodes.append(_field(1, x) + _field(2, names) + _field(4, "Split") + _field(5, _attribute("axis", axis)))
        return names

    def reshape(self, x, *shape):
        """0 keeps a dimension, -1 is what is left."""
        return self.op("Reshape", x, self.constant(shape, np.int64))

    def silu(self, x):
        return self.op("Mul", x, self.op("Sigmoid", x))

    def gelu(self, x):
        bell = self.op("Add", self.op("Erf", self.op("Div", x, self.constant(2**0.5))), self.constant(1.0))
        return self.op("Mul", self.op("Mul", x, bell), self.constant(0.5))

    def group_norm(self, norm, x):
        """GroupNorm is the norm of each instance of a channel, where a channel is a whole group; then the affine."""
        ones, zeros = (self.constant(np.full(norm.num_groups, v)) for v in (1, 0))
        h = self.op("InstanceNormalization", self.reshape(x, 0, norm.num_groups, -1), ones, zeros, epsilon=norm.eps)
        scale, shift = (self.weight(v.reshape(-1, 1, 1)) for v in (norm.weight, norm.bias))
        return self.op("Add", self.op("Mul", self.op("Reshape", h, self.op("Shape", x)), scale), shift)

    def layer(self, layer, x):
        """Any of torch's layers that the networks of the course use."""
        match layer:
            case nn.Sequential():
                for inner in layer:
                    x = self.layer(inner, x)
                return x
            case nn.Identity():
                return x
            case nn.Conv2d():
                pads = [*layer.padding, *layer.padding]
                return self.op("Conv", x, *self.weights(layer.weight, layer.bias), pads=pads, strides=layer.stride)
            case nn.ConvTranspose2d():
                return self.op("ConvTranspose", x, *self.weights(layer.weight, layer.bias), strides=layer.stride)
            case nn.Linear():
                return self.op("Gemm", x, *self.weights(layer.weight, layer.bias), transB=1)
            case nn.BatchNorm2d():
                known = self.weights(layer.weight, layer.bias, layer.running_mean, layer.running_var)
                return self.op("BatchNormalization", x, *known, epsilon=layer.eps)
            case nn.LayerNorm():
                return self.op("LayerNormalization", x, *self.weights(layer.weight, layer.bias), epsilon=layer.eps)
            case nn.GroupNorm():
                return self.group_norm(layer, x)
            case nn.SiLU():
                return self.silu(x)
            case nn.GELU():
                return self.gelu(x)
            case nn.ReLU():
                return self.op("Relu", x)
            case nn.MaxPool2d():
                return self.op("MaxPool", x, kernel_shape=[layer.kernel_size] * 2, strides=[layer.stride] * 2)
            case nn.AvgPool2d():
                return self.op("AveragePool", x, kernel_shape=[layer.kernel_size] * 2, strides=[layer.stride] * 2)
            case nn.AdaptiveAvgPool2d():
                return self.op("GlobalAveragePool", x)
            case nn.Flatten():
                return self.op("Flatten", x)
            case nn.Upsample():
                scales = self.constant([1, 1, layer.scale_factor, layer.scale_factor])
                return self.op("Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric",
                               nearest_mode="floor")  # fmt: skip
            case du.ResidualConvBlock():
                h = self.layer(layer.conv2, self.layer(layer.conv1, x))
                if layer.is_res:
                    x = self.layer(layer.shortcut, x) if hasattr(layer, "shortcut") else x
                    h = self.op("Div", self.op("Add", x, h), self.constant(1.414))
                return h
            case du.UnetDown() | du.EmbedFC():
                return self.layer(layer.model, x)
        raise ValueError(f"{type(layer).__name__} is not among the layers that onnx_networks.py can write")

    def per_channel(self, row, parts=1):
        """Rows (B, n) cut into parts that multiply or shift the channels of images."""
        row = self.reshape(row, 0, -1, 1, 1)
        return row if parts == 1 else self.split(row, parts, 1)

    def scaled(self, x, row):
        """x (1 + scale) + shift, both from a row."""
        scale, shift = self.per_channel(row, 2)
        return self.op("Add", self.op("Mul", x, self.op("Add", scale, self.constant(1.0))), shift)

    def message(self, inputs, output):
        """The whole file. inputs and output: (name, dimensions)."""
        out_name, out_dims = output
        graph = _field(1, self.nodes) + _field(2, "network") + _field(5, self.tensors)
        graph += _field(11, [_value(*v) for v in inputs]) + _field(12, _value(out_name, out_dims))
        opset = _field(1, "") + _field(2, OPSET)
        return _field(1, IR_VERSION) + _field(2, "the course") + _field(7, graph) + _field(8, opset)


# ------------------------------------------------------------------------------------------------------- networks


def _block(g, block, x, emb):
    h = g.layer(block.conv1, g.silu(g.group_norm(block.norm1, x)))
    h = g.scaled(g.group_norm(block.norm2, h), g.layer(block.scale_shift, emb))
    return g.op("Add", g.layer(block.skip, x), g.layer(block.conv2, g.silu(h)))


def _attention(g, layer, x):
    if isinstance(layer, nn.Identity):
        return x
    channels = layer.out.in_channels
    qkv = g.reshape(g.layer(layer.qkv, g.group_norm(layer.norm, x)), 0, 3 * layer.heads, channels // layer.heads, -1)
    q, k, v = g.split(qkv, 3, 1)  # (B, heads, channels of a head, pixels)
    root = (channels // layer.heads) ** 0.5
    look = g.op("MatMul", g.op("Transpose", q, perm=[0, 1, 3, 2]), k)
    look = g.op("Softmax", g.op("Div", look, g.constant(root)), axis=-1)
    h = g.op("MatMul", v, g.op("Transpose", look, perm=[0, 1, 3, 2]))
    return g.op("Add", x, g.layer(layer.out, g.op("Reshape", h, g.op("Shape", x))))


def _looks(g, q, k, v, heads, channels, far):
    """What each place of q (B, N, channels) is told by the words of k and v (B, L, channels), where far (B, 1, 1, L) is
    0 and not -1e9: (B, N, channels)."""
    q, k, v = (g.op("Transpose", g.reshape(h, 0, 0, heads, -1), perm=[0, 2, 1, 3]) for h in (q, k, v))
    fit = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
    fit = g.op("Add", g.op("Div", fit, g.constant((channels // heads) ** 0.5)), far)
    told = g.op("MatMul", g.op("Softmax", fit, axis=-1), v)
    return g.reshape(g.op("Transpose", told, perm=[0, 2, 1, 3]), 0, 0, -1)


def _text(g, model):
    """The tokens "c" (B, L), here as float32, read: vectors (B, 1 + L, width), their mean (B, width), and `far`."""
    # the vector for no word is one row more of the table of words, and stands in front of each prompt
    start, one = len(model.word.weight), g.constant([0, 1, 0, 0], np.int64)
    tokens = g.op("Pad", "c", one, g.constant(float(start)))
    there = g.op("Greater", tokens, g.constant(0.0))
    far = g.reshape(g.op("Where", there, g.constant(0.0), g.constant(-1e9)), 0, 1, 1, -1)
    h = g.op("Gather", g.weight(torch.cat([model.word.weight, model.start[0]])), g.op("Cast", tokens, to=6))
    length = g.op("Shape", tokens, start=1, end=2)
    h = g.op("Add", h, g.op("Slice", g.weight(model.place.weight), g.constant([0], np.int64), length))
    for layer in model.layers:
        width = layer.out.in_features
        q, k, v = g.split(g.linear(layer.qkv, g.layer(layer.norm1, h)), 3, 2)
        h = g.op("Add", h, g.linear(layer.out, _looks(g, q, k, v, layer.heads, width, far)))
        wide, gelu, narrow = layer.think
        h = g.op("Add", h, g.linear(narrow, g.layer(gelu, g.linear(wide, g.layer(layer.norm2, h)))))
    h, count = g.layer(model.norm, h), g.op("Cast", there, to=1)
    share = g.op("Div", count, g.op("ReduceSum", count, g.constant([1], np.int64)))
    return h, g.reshape(g.op("MatMul", g.reshape(share, 0, 1, -1), h), 0, -1), far


def _cross(g, layer, x, text, far):
    channels = layer.q.in_features
    pixels = g.op("Transpose", g.reshape(g.group_norm(layer.norm, x), 0, channels, -1), perm=[0, 2, 1])
    q, k, v = g.linear(layer.q, pixels), g.linear(layer.k, text), g.linear(layer.v, text)
    told = g.linear(layer.out, _looks(g, q, k, v, layer.heads, channels, far))
    return g.op("Add", x, g.op("Reshape", g.op("Transpose", told, perm=[0, 2, 1]), g.op("Shape", x)))


def _prompt_unet(g, model):
    text, mean, far = _text(g, model.text)
    return _unet(g, model.unet, g.layer(model.whole, mean),
                 lambda name, h: _cross(g, model.cross[name], h, text, far))  # fmt: skip


def _unet(g, model, asked=None, look=lambda name, h: h):
    """asked: what is added to the time, of a class if not said; look(name, h): the map h after a look at the words."""
    half = model.time[0].in_features // 2
    frequencies = np.exp(-np.log(10_000) * np.arange(half, dtype=np.float32) / half)
    angles = g.op("Mul", g.op("Mul", g.reshape("t", -1, 1), g.constant(1000.0)), g.constant(frequencies[None]))
    waves = g.op("Concat", g.op("Cos", angles), g.op("Sin", angles), axis=1)
    emb = g.silu(g.op("Add", g.layer(model.time, waves), asked or g.layer(model.context, "c")))
    h, skips = g.layer(model.first, "x"), []
    for i, (block, shrink) in enumerate(zip(model.down, model.shrink)):
        h = _block(g, block, h, emb)
        h = look("down", h) if i == len(model.down) - 2 else h
        skips.append(h)
        h = g.layer(shrink, h)
    h = look("middle", _attention(g, model.attention, _block(g, model.middle[0], h, emb)))
    h = _block(g, model.middle[1], h, emb)
    for i, (block, grow) in enumerate(zip(model.up, model.grow)):
        h = _block(g, block, g.op("Add", h, skips.pop()), emb)
        h = g.layer(grow, look("up", h) if i == 1 else h)
    h = g.layer(model.last, g.silu(g.group_norm(model.norm, h)))
    scale, shift = g.per_channel(g.layer(model.direct, emb), 2)
    return g.op("Add", h, g.op("Add", g.op("Mul", scale, "x"), shift))


def _unet_up(g, up, x, skip):
    return g.layer(up.model, g.op("Concat", x, skip, axis=1))


def _context_unet(g, model):
    t = g.reshape("t", -1, 1)
    x = g.layer(model.init_conv, "x")
    down1 = g.layer(model.down1, x)
    down2 = g.layer(model.down2, down1)
    temb1, temb2 = (g.per_channel(g.layer(embed, t)) for embed in (model.timeembed1, model.timeembed2))
    cemb1, cemb2 = (g.per_channel(g.layer(embed, "c")) for embed in (model.contextembed1, model.contextembed2))
    up1 = g.layer(model.up0, g.layer(model.to_vec, down2))
    up2 = _unet_up(g, model.up1, g.op("Add", g.op("Mul", cemb1, up1), temb1), down2)
    up3 = _unet_up(g, model.up2, g.op("Add", g.op("Mul", cemb2, up2), temb2), down1)
    return g.layer(model.out, g.op("Concat", up3, x, axis=1))


def onnx_bytes(model, size=16):
    """A Unet, ContextUnet, PromptUnet or the SpriteClassifier as the bytes of an ONNX file, for images of size x size.

    A denoiser takes x (n, channels, size, size), t (n,), which is t/T, and c (n, n_cfeat), where a row of zeros asks
    for nothing; c of a PromptUnet are tokens (n, L), in float32 as well; the classifier takes x alone.
    """
    g, images = Graph(), ("n", 3, size, size)
    match model:
        case du.SpriteClassifier():
            out = g.layer(model.head, g.layer(model.features, "x"))
            return g.message([("x", images)], (out, ("n", 5)))
        case prompts.PromptUnet():
            images, context = ("n", model.unet.in_channels, size, size), ("n", "L")
            out = _prompt_unet(g, model)
        case _:
            images, context = ("n", model.in_channels, size, size), ("n", model.n_cfeat)
            out = (_unet if isinstance(model, du.Unet) else _context_unet)(g, model)
    return g.message([("x", images), ("t", ("n",)), ("c", context)], (out, images))
