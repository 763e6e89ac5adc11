"""The mask codec: shared vectors, properties, and bytes from strangers."""

import contextlib
import hashlib
import importlib.util
import json
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lamella.volumes.codec import (
    UNSURE,
    MaskError,
    decode_rle,
    encode_rle,
    mask_hash,
    narrow,
    pack,
    unpack,
    unsure_of,
    widen,
    xor,
)

VECTORS_FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS: dict[str, Any] = json.loads((VECTORS_FOLDER / "mask-codec.json").read_text())

DTYPES: list[type[np.unsignedinteger]] = [np.uint8, np.uint16, np.uint32]
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)
# Few distinct values, so that runs are long, with the awkward ones among them.
MASKS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        SHAPES,
        elements=st.sampled_from(
            [0, 1, 2, 127, 128, int(np.iinfo(dtype).max) - 1, int(np.iinfo(dtype).max)]
        ),
    )
)


def names(key: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in VECTORS[key]]


def from_runs(case: dict[str, Any], key: str = "runs") -> np.ndarray:
    values, lengths = zip(*case[key], strict=True)
    return np.repeat(np.array(values, np.uint32), lengths).reshape(case["height"], case["width"])


def test_the_vectors_file_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make", VECTORS_FOLDER / "make_mask_codec.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert (VECTORS_FOLDER / "mask-codec.json").read_text() == make.text()


@pytest.mark.parametrize("case", names("valid") + names("differences"))
def test_a_vector_is_coded_and_decoded_exactly(case: dict[str, Any]) -> None:
    mask = from_runs(case)
    data = bytes.fromhex(case["rle_hex"])
    assert encode_rle(mask) == data
    assert mask_hash(mask) == case["sha256"] == hashlib.sha256(data).hexdigest()
    assert np.array_equal(decode_rle(data), mask)
    assert np.array_equal(unpack(bytes.fromhex(case["packed_hex"])), mask)


@pytest.mark.parametrize("case", names("differences"))
def test_a_difference_leads_from_the_proposal_to_the_mask_and_back(case: dict[str, Any]) -> None:
    mask, proposal = from_runs(case, "mask_runs"), from_runs(case, "proposal_runs")
    difference = from_runs(case)
    assert np.array_equal(xor(mask, proposal), difference)
    assert np.array_equal(xor(difference, proposal), mask)


@pytest.mark.parametrize("case", names("invalid"))
def test_bytes_that_no_encoder_writes_are_refused(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    with pytest.raises(MaskError):
        decode_rle(data)
    with pytest.raises(MaskError):
        unpack(zlib.compress(data))


@pytest.mark.parametrize("case", names("invalid_packed"))
def test_a_broken_transport_form_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(MaskError):
        unpack(bytes.fromhex(case["hex"]))


@settings(deadline=None)
@given(MASKS)
def test_every_mask_survives_the_round_trip_in_its_own_dtype(mask: np.ndarray) -> None:
    back = unpack(pack(mask), shape=mask.shape, dtype=mask.dtype)
    assert back.dtype == mask.dtype
    assert np.array_equal(back, mask)


@settings(deadline=None)
@given(MASKS)
def test_a_mask_keeps_its_hash_in_wider_dtypes(mask: np.ndarray) -> None:
    wide = widen(mask)
    assert mask_hash(wide) == mask_hash(mask)
    assert np.array_equal(narrow(wide, mask.dtype), mask)


@settings(deadline=None)
@given(MASKS, st.randoms(use_true_random=False))
def test_the_difference_is_its_own_inverse(mask: np.ndarray, random: Any) -> None:
    values = mask.ravel().tolist()
    random.shuffle(values)
    other = np.array(values, mask.dtype).reshape(mask.shape)
    assert np.array_equal(narrow(xor(xor(mask, other), other), mask.dtype), mask)


@settings(deadline=None)
@given(MASKS, st.data())
def test_a_changed_byte_gives_another_mask_or_an_error_but_never_the_same_mask(
    mask: np.ndarray, data: st.DataObject
) -> None:
    good = encode_rle(mask)
    position = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[position]))
    bad = good[:position] + bytes([byte]) + good[position + 1 :]
    try:
        decoded = decode_rle(bad)
    except MaskError:
        return
    assert encode_rle(decoded) == bad


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_raise_only_mask_errors(data: bytes) -> None:
    for decode in (decode_rle, unpack):
        with contextlib.suppress(MaskError):
            decode(b"LM1" + data if decode is decode_rle else data)


def test_a_mask_of_another_shape_than_expected_is_refused() -> None:
    with pytest.raises(MaskError, match="2 x 3 voxels, where 3 x 2 were expected"):
        unpack(pack(np.zeros((2, 3), np.uint8)), shape=(3, 2))


def test_an_expected_shape_may_exceed_the_default_side() -> None:
    mask = np.zeros((2, 20_000), np.uint8)
    assert np.array_equal(unpack(pack(mask), shape=mask.shape, dtype=np.uint8), mask)
    with pytest.raises(MaskError, match="larger than 16384"):
        unpack(pack(mask))


def test_a_decompression_bomb_is_stopped_at_the_bound() -> None:
    bomb = zlib.compress(b"LM1\x02\x02" + bytes(50_000_000), 9)
    assert len(bomb) < 60_000
    with pytest.raises(MaskError, match="inflates to more than"):
        unpack(bomb)
    with pytest.raises(MaskError, match="inflates to more than 37 bytes"):
        unpack(bomb, shape=(2, 2))


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint8, 255), (np.uint8, 256), (np.uint16, 65535), (np.uint16, 70_000)]
)
def test_a_label_that_the_dtype_cannot_tell_from_unsure_is_refused(dtype: type, value: int) -> None:
    with pytest.raises(MaskError, match=f"label {value}"):
        decode_rle(encode_rle(np.full((2, 2), value, np.uint32)), dtype=dtype)


def test_unsure_is_the_greatest_value_of_each_dtype() -> None:
    assert [unsure_of(d) for d in (np.uint8, np.uint16, np.uint32)] == [255, 65535, UNSURE]


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.uint64, np.complex64])
def test_masks_of_other_kinds_are_refused(dtype: type) -> None:
    with pytest.raises(MaskError, match="uint8, uint16 or uint32"):
        encode_rle(np.zeros((2, 2), dtype))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (4,), (1, 2, 2)])
def test_masks_without_two_filled_axes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MaskError, match="two axes"):
        encode_rle(np.zeros(shape, np.uint8))


def test_a_view_that_is_not_contiguous_is_coded_by_its_own_rows() -> None:
    mask = np.arange(36, dtype=np.uint8).reshape(6, 6) // 5
    assert encode_rle(mask.T) == encode_rle(np.ascontiguousarray(mask.T))
    assert encode_rle(mask[::2, ::3]) == encode_rle(mask[::2, ::3].copy())


def test_a_large_slice_is_coded_without_a_loop_over_runs() -> None:
    rng = np.random.default_rng(0)
    yy, xx = np.ogrid[:4096, :4096]
    mask = np.zeros((4096, 4096), np.uint8)
    for y, x, r in zip(*rng.integers(100, 3900, (2, 50)), rng.integers(20, 100, 50), strict=True):
        mask[(yy - y) ** 2 + (xx - x) ** 2 < r * r] = 1
    times = []
    for _ in range(5):
        began = time.perf_counter()
        data = encode_rle(mask)
        times.append(time.perf_counter() - began)
    assert np.array_equal(decode_rle(data, dtype=np.uint8), mask)
    assert min(times) < 0.5  # 0.03 s on a quiet machine; a Python loop over rows takes seconds
