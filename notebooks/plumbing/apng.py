"""Animated PNG of enlarged pixels, smaller than Pillow's; the format is that of the PNG specification, section 11.3.

In a frame of noise only the pixel beside and the row above repeat, because each sprite's pixel was enlarged. So a row
that equals the one above is written as zeros (filter 2, "up"), and the compressor may be told to look for runs only
(Z_RLE): matches further away are accidents that cost more than they save.
"""

import struct
import zlib

import numpy as np


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(pixels):
    """One frame, uint8 (H, W), as compressed rows, each after the number of its filter: the shortest of three ways."""
    repeats = np.r_[False, (pixels[1:] == pixels[:-1]).all(1)]
    beside = np.diff(pixels, axis=1, prepend=np.uint8(0))  # filter 1, "sub": best where a pixel is three wide or less
    ways = [(0, pixels, zlib.Z_RLE), (1, beside, zlib.Z_RLE), (0, pixels, zlib.Z_DEFAULT_STRATEGY)]
    packed = []
    for number, values, strategy in ways:
        rows = np.pad(values, ((0, 0), (1, 0)), constant_values=number)
        rows[repeats] = 0
        rows[repeats, 0] = 2
        packer = zlib.compressobj(4, strategy=strategy)
        packed.append(packer.compress(rows.tobytes()) + packer.flush())
    return min(packed, key=len)


def write(frames, palette, durations):
    """The bytes of a film that repeats for ever.

    frames: uint8 (F, H, W), numbers of colours; palette: uint8 (K, 3), K at most 256; durations: milliseconds of each.
    """
    F, H, W = frames.shape
    chunks = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 3, 0, 0, 0)),  # 8 bits a pixel, which name a colour
        _chunk(b"acTL", struct.pack(">II", F, 0)),
        _chunk(b"PLTE", np.asarray(palette, np.uint8).tobytes()),
    ]
    number = 0  # of the chunks that make the film
    for i, (frame, milliseconds) in enumerate(zip(frames, durations)):
        chunks.append(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, W, H, 0, 0, milliseconds, 1000, 0, 0)))
        number += 1
        if i == 0:
            chunks.append(_chunk(b"IDAT", _packed(frame)))
        else:
            chunks.append(_chunk(b"fdAT", struct.pack(">I", number) + _packed(frame)))
            number += 1
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")
