"""Tiles as pictures."""

import cv2
import numpy as np
import pytest

from lamella.volumes.tiles import encode_jpeg, encode_png16, to_8_bit


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_a_window_is_stretched_to_8_bits(dtype: str) -> None:
    plane = np.array([[0, 50, 100, 150, 200]]).astype(dtype)
    assert to_8_bit(plane, 50, 150).tolist() == [[0, 0, 128, 255, 255]]


def test_not_a_number_is_black_and_an_empty_window_is_no_fault() -> None:
    plane = np.array([[np.nan, np.inf, -np.inf, 3.0]], np.float32)
    assert to_8_bit(plane, 0, 3).tolist() == [[0, 255, 0, 255]]
    assert to_8_bit(np.array([[5, 6]], np.uint8), 5, 5).tolist() == [[0, 255]]


def test_a_jpeg_shows_the_window(tmp_path: object) -> None:
    plane = np.tile(np.linspace(1000, 2000, 64), (64, 1)).astype(np.uint16)
    picture = cv2.imdecode(np.frombuffer(encode_jpeg(plane, 1000, 2000), np.uint8), -1)
    assert picture is not None
    assert picture.shape == (64, 64)
    assert np.abs(picture.astype(int) - to_8_bit(plane, 1000, 2000)).max() < 8


def test_a_png_loses_nothing_of_16_bits() -> None:
    plane = np.random.default_rng(0).integers(0, 65536, (30, 40)).astype(np.uint16)
    picture = cv2.imdecode(np.frombuffer(encode_png16(plane, 0, 1), np.uint8), -1)
    assert picture is not None
    assert np.array_equal(picture, plane)
    real = cv2.imdecode(
        np.frombuffer(encode_png16(np.array([[0.5, 2.0, np.nan]], np.float32), 0, 1), np.uint8), -1
    )
    assert real is not None
    assert real.tolist() == [[32768, 65535, 0]]
