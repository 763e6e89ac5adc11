"""Write tests/vectors/mask-codec.json, which the Python and the TypeScript codec both must meet.

    python tests/vectors/make_mask_codec.py

The bytes are built here run by run, independently of the vectorised codec; the tests then
compare. `hex` of the invalid cases is uncompressed unless the case stands in "invalid_packed".
"""

import hashlib
import json
import random
import zlib
from pathlib import Path

UNSURE = 2**32 - 1
Runs = list[tuple[int, int]]


def varint(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def rle(height: int, width: int, runs: Runs) -> bytes:
    return (
        b"LM1" + varint(height) + varint(width) + b"".join(varint(v) + varint(n) for v, n in runs)
    )


def merge(values: list[int]) -> Runs:
    runs: Runs = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    return runs


def expand(runs: Runs) -> list[int]:
    return [value for value, length in runs for _ in range(length)]


def coded(height: int, width: int, runs: Runs) -> dict[str, object]:
    data = rle(height, width, runs)
    return {
        "rle_hex": data.hex(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "packed_hex": zlib.compress(data).hex(),
    }


def masks() -> list[tuple[str, int, int, Runs]]:
    rng = random.Random(20261122)
    disc = [int((y - 12) ** 2 + (x - 15) ** 2 < 81) for y in range(25) for x in range(31)]
    noise = [rng.choice((0, 1, 2, UNSURE)) for _ in range(16 * 17)]
    ids = [rng.choice((1, 70_000, 2**31, UNSURE - 1, UNSURE)) for _ in range(9 * 5)]
    return [
        ("one background voxel", 1, 1, [(0, 1)]),
        ("one unsure voxel", 1, 1, [(UNSURE, 1)]),
        ("an empty 512 x 512 slice", 512, 512, [(0, 512 * 512)]),
        ("a full slice of the widest side", 1, 16384, [(7, 16384)]),
        ("the tallest side", 16384, 1, [(0, 16383), (1, 1)]),
        ("runs that cross rows", 2, 3, [(0, 2), (1, 2), (0, 2)]),
        ("a checkerboard row", 1, 6, [(0, 1), (1, 1), (0, 1), (1, 1), (0, 1), (1, 1)]),
        (
            "lengths around the varint steps",
            1,
            16384 - 1,
            [(0, 127), (1, 128), (0, 129), (1, 15999)],
        ),
        (
            "values around the varint steps",
            1,
            8,
            [(v, 1) for v in (127, 128, 16383, 16384, 2**21 - 1, 2**21, 2**28 - 1, 2**28)],
        ),
        (
            "the greatest value of each dtype is a plain value in the stream",
            1,
            3,
            [(255, 1), (65535, 1), (UNSURE, 1)],
        ),
        ("a disc", 25, 31, merge(disc)),
        ("noise with unsure", 16, 17, merge(noise)),
        ("object ids of 32 bits", 9, 5, merge(ids)),
    ]


def differences() -> list[dict[str, object]]:
    disc = [int((y - 9) ** 2 + (x - 8) ** 2 < 40) for y in range(20) for x in range(18)]
    moved = [int((y - 9) ** 2 + (x - 11) ** 2 < 40) for y in range(20) for x in range(18)]
    cases = [
        ("nothing changed", 2, 4, [(0, 3), (1, 5)], [(0, 3), (1, 5)]),
        ("all erased", 2, 4, [(0, 8)], [(0, 3), (1, 5)]),
        ("unsure where the proposal had background", 2, 4, [(UNSURE, 8)], [(0, 8)]),
        ("unsure where the proposal had a label", 1, 4, [(UNSURE, 2), (0, 2)], [(5, 4)]),
        ("unsure in both", 1, 4, [(UNSURE, 2), (3, 2)], [(UNSURE, 2), (1, 2)]),
        ("a disc moved", 20, 18, merge(disc), merge(moved)),
    ]
    out = []
    for name, height, width, mask, proposal in cases:
        difference = merge([a ^ b for a, b in zip(expand(mask), expand(proposal), strict=True)])
        out.append(
            {
                "name": name,
                "width": width,
                "height": height,
                "mask_runs": mask,
                "proposal_runs": proposal,
                "runs": difference,
                **coded(height, width, difference),
            }
        )
    return out


def invalid() -> list[dict[str, object]]:
    head = b"LM1" + varint(1) + varint(4)
    cases: list[tuple[str, bytes, str]] = [
        ("no bytes", b"", "magic"),
        ("another magic", b"LM2" + head[3:] + b"\x00\x04", "magic"),
        ("a magic alone", b"LM1", "header"),
        ("half a header", b"LM1\x01", "header"),
        ("a header without runs", head, "sum"),
        ("zero height", b"LM1\x00\x04", "empty"),
        ("zero width", b"LM1\x04\x00", "empty"),
        ("a side of 16385", rle(16385, 1, [(0, 16385)]), "side"),
        ("sides of 2**32 - 1", rle(UNSURE, UNSURE, [(0, 1)]), "side"),
        ("a value without its length", head + b"\x00\x03\x01", "run"),
        ("a cut varint", head + b"\x00\x84", "number"),
        ("a run of length 0", head + b"\x00\x02\x01\x00\x00\x02", "length"),
        ("neighbouring runs of one value", head + b"\x00\x02\x00\x02", "maximal"),
        ("too few voxels", head + b"\x00\x03", "sum"),
        ("too many voxels", head + b"\x00\x05", "sum"),
        ("one run more than the mask", head + b"\x00\x04\x01\x01", "sum"),
        ("a length not in shortest form", head + b"\x00\x84\x00", "shortest"),
        ("a value not in shortest form", head + b"\x80\x00\x04", "shortest"),
        ("a height not in shortest form", b"LM1\x81\x00\x04\x00\x04", "shortest"),
        ("a value of 33 bits", head + b"\x80\x80\x80\x80\x10\x04", "bits"),
        ("a varint of six bytes", head + b"\x80\x80\x80\x80\x80\x01\x04", "bits"),
        ("lengths that wrap around 2**32", head + b"\x00" + varint(UNSURE) + b"\x01\x05", "sum"),
    ]
    return [{"name": name, "hex": data.hex(), "reason": reason} for name, data, reason in cases]


def invalid_packed() -> list[dict[str, object]]:
    good = zlib.compress(rle(2, 2, [(0, 4)]))
    cases: list[tuple[str, bytes, str]] = [
        ("no bytes", b"", "cut short"),
        ("not zlib", b"LM1\x01\x01\x00\x01", "zlib"),
        ("gzip instead of zlib", bytes.fromhex("1f8b0800"), "zlib"),
        ("cut short", good[:-3], "cut short"),
        ("a wrong checksum", good[:-1] + bytes([good[-1] ^ 1]), "zlib"),
        ("bytes after the end", good + b"\x00", "trailing"),
        ("a canonical header over rubbish", zlib.compress(b"LM1\x02\x02\xff"), "number"),
    ]
    return [{"name": name, "hex": data.hex(), "reason": reason} for name, data, reason in cases]


def vectors() -> dict[str, object]:
    return {
        "about": "Runs are [value, length]. Written by make_mask_codec.py.",
        "valid": [
            {
                "name": name,
                "width": width,
                "height": height,
                "runs": runs,
                **coded(height, width, runs),
            }
            for name, height, width, runs in masks()
        ],
        "differences": differences(),
        "invalid": invalid(),
        "invalid_packed": invalid_packed(),
    }


def text() -> str:
    """One case a line, so that a change of one case is one line of a diff."""
    parts = []
    for key, value in vectors().items():
        if isinstance(value, list):
            lines = ",\n".join("    " + json.dumps(case) for case in value)
            parts.append(f'  "{key}": [\n{lines}\n  ]')
        else:
            parts.append(f'  "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    Path(__file__).with_name("mask-codec.json").write_text(text())
