"""Makes a picture small: 128 colours are enough for a page of flat paint and text."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

COLOURS = (128, 256)
OFF, OFTEN = 6, 0.01
"""A painted sky has more colours: where so large a share of the pixels would be so many of 256
steps off with either palette, the picture stays as it is."""

PIXELS = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(image, 0, 0);
  const blob = new Blob([drawing.getImageData(0, 0, image.width, image.height).data]);
  const url = await new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });
  return [image.width, image.height, url.slice(url.indexOf(",") + 1)];
}"""
"""Chromium knows how to open its own pictures; we need no library for it."""


def develop(page: Any, png: bytes) -> bytes:
    """The same picture as a PNG with a palette, where that does not show; ``page`` may be any."""
    width, height, raw = page.evaluate(PIXELS, base64.b64encode(png).decode())
    pixels = np.frombuffer(base64.b64decode(raw), np.uint8).reshape(-1, 4)[:, :3]
    for colours in COLOURS:
        palette, index = _palette(pixels, colours)
        off = np.abs(palette[index].astype(np.int16) - pixels).max(axis=1) > OFF
        if off.mean() <= OFTEN:
            return _indexed(width, height, palette, index)
    return png


def _indexed(width: int, height: int, palette: np.ndarray, index: np.ndarray) -> bytes:
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = index.reshape(height, width)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", header),
            (b"PLTE", palette.tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _palette(pixels: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The commonest colours as they are; every other becomes the nearest of them."""
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, index, counts = np.unique(packed, return_inverse=True, return_counts=True)
    split = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    chosen = split[np.argsort(-counts)[:most]]
    nearest = np.empty(len(split), np.uint8)
    for start in range(0, len(split), 4096):
        apart = split[start : start + 4096, None, :] - chosen[None, :, :]
        nearest[start : start + 4096] = (apart**2).sum(axis=2).argmin(axis=1)
    return chosen.astype(np.uint8), nearest[index]


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
