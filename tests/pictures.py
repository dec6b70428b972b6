# SPDX-License-Identifier: Apache-2.0
"""Small pictures that the tests draw, as the bytes of files."""

import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.float32]


def tissue(width: int = 240, height: int = 160, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Skin of an even colour with dark curved strokes, as a capillary is seen: height x width x 3."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    darkness = np.zeros((height, width))
    for _ in range(max(1, width * height // 6000)):
        cx, cy = random.uniform(20, max(21, width - 20)), random.uniform(25, max(26, height - 25))
        angle, radius = random.uniform(0, np.pi), random.uniform(10, 18)
        for turn in np.linspace(0, 2.4, 24):
            dx, dy = radius * np.cos(turn + angle), radius * np.sin(turn + angle)
            darkness = np.maximum(darkness, np.exp(-((x - cx - dx) ** 2 + (y - cy - dy) ** 2) / (2 * 3.0**2)))
    tone = np.array([196.0, 140.0, 120.0]) * (1 + 0.08 * (x / width - 0.5))[..., None]
    absorbed = np.exp(-darkness[..., None] * np.array([0.10, 0.40, 0.35]))
    noise = random.normal(0, 1.5, (height, width, 1))
    pixels: npt.NDArray[np.uint8] = np.clip(tone * absorbed + noise, 0, 255).astype(np.uint8)
    return pixels


def png(pixels: Pixels, level: int = 6) -> bytes:
    """PNG of 1 (grey), 2 (grey, alpha), 3 or 4 channels, 8 or 16 bits."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    bits = pixels.dtype.itemsize * 8
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    stride = len(rows) // height
    filtered = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(height))
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)),
            png_chunk(b"IDAT", zlib.compress(filtered, level)),
            png_chunk(b"IEND", b""),
        ]
    )


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims to be width x height."""
    body = zlib.compress(bytes(1_000_000), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def pnm(pixels: npt.NDArray[np.uint8]) -> bytes:
    """PPM of 3 channels, PGM of one."""
    kind = "P6" if pixels.ndim == 3 else "P5"
    return f"{kind}\n{pixels.shape[1]} {pixels.shape[0]}\n255\n".encode() + pixels.tobytes()


def bmp(pixels: npt.NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape[:2]
    rows = np.zeros((height, (width * 3 + 3) // 4 * 4), np.uint8)
    rows[:, : width * 3] = pixels[::-1, :, ::-1].reshape(height, width * 3)
    head = struct.pack("<2sIHHI", b"BM", 54 + rows.size, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, rows.size, 2835, 2835, 0, 0) + rows.tobytes()


def tiff(pixels: Pixels) -> bytes:
    """Uncompressed TIFF, 1 or 3 channels, 8 or 16 bits, or 32-bit floating point."""
    return tiff_pages([pixels])


def tiff_pages(pages: Sequence[Pixels]) -> bytes:
    """The same with several pages."""
    out = struct.pack("<2sH", b"II", 42)
    for pixels in pages:
        height, width = pixels.shape[:2]
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        bits = pixels.dtype.itemsize * 8
        data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
        # Where this page's directory lies, its pixels, then the directory.
        data_at = len(out) + 4
        entries = [
            (256, 4, 1, width),
            (257, 4, 1, height),
            (258, 3, 1, bits),
            (259, 3, 1, 1),
            (262, 3, 1, 1 if channels == 1 else 2),
            (273, 4, 1, data_at),
            (277, 3, 1, channels),
            (278, 4, 1, height),
            (279, 4, 1, len(data)),
            (339, 3, 1, 3 if pixels.dtype.kind == "f" else 1),
        ]
        tail = b""
        if channels == 3:
            entries[2] = (258, 3, 3, data_at + len(data))
            tail = struct.pack("<HHH", bits, bits, bits)
        out += struct.pack("<I", data_at + len(data) + len(tail)) + data + tail
        out += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return out + bytes(4)


def dicom(pixels: npt.NDArray[np.uint8], names: list[bytes]) -> bytes:
    """Uncompressed grey DICOM (explicit, little-endian) of 2 um a pixel that holds `names` as its patient's data."""

    def element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
        value += b" " * (len(value) % 2)
        size = struct.pack("<HI", 0, len(value)) if kind == b"OW" else struct.pack("<H", len(value))
        return struct.pack("<HH", group, number) + kind + size + value

    def word(group: int, number: int, value: int) -> bytes:
        return element(group, number, b"US", struct.pack("<H", value))

    height, width = pixels.shape
    return b"".join(
        [
            bytes(128) + b"DICM",
            element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1\0"),
            element(0x0008, 0x0060, b"CS", b"GM"),
            *(element(0x0010, 0x0010 + index, b"LO", name) for index, name in enumerate(names)),
            word(0x0028, 0x0002, 1),
            element(0x0028, 0x0004, b"CS", b"MONOCHROME2"),
            word(0x0028, 0x0010, height),
            word(0x0028, 0x0011, width),
            element(0x0028, 0x0030, b"DS", b"0.002\\0.002"),
            word(0x0028, 0x0100, 8),
            word(0x0028, 0x0101, 8),
            word(0x0028, 0x0102, 7),
            word(0x0028, 0x0103, 0),
            element(0x7FE0, 0x0010, b"OW", pixels.tobytes()),
        ]
    )


def need_ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if not found:
        pytest.skip("no ffmpeg")
    return found


def convert(source: Path, target: Path, *arguments: str) -> Path:
    """Makes `target` of `source` by ffmpeg, the suffix says what."""
    command = [need_ffmpeg(), "-v", "error", "-y", "-i", str(source), *arguments, str(target)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return target


def video(folder: Path, target: Path, frames: int = 6, fps: int = 25) -> Path:
    """A video without loss of `frames` synthetic frames."""
    for index in range(frames):
        (folder / f"video{index:03}.png").write_bytes(png(tissue(seed=100 + index)))
    pattern = folder / "video%03d.png"
    command = [need_ffmpeg(), "-v", "error", "-y", "-framerate", str(fps), "-i", str(pattern), "-c:v", "ffv1"]
    subprocess.run([*command, str(target)], check=True, timeout=60, stdin=subprocess.DEVNULL)
    for index in range(frames):
        (folder / f"video{index:03}.png").unlink()
    return target
