"""The same strokes in napari's labels layer.

Without its window: what napari does to a stroke before it draws anything; the true cost is higher.
"""

import time
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.annotator.script import BRUSH, Script, labels


@dataclass(frozen=True)
class Peer:
    """Milliseconds: of each pointer event of the strokes, and of each fill of a blob."""

    events: list[float]
    fills: list[float]


def napari_layer(script: Script) -> Peer | None:
    """None where napari is not installed."""
    try:
        from napari.components import ViewerModel
    except ImportError:
        return None
    layer = ViewerModel().add_labels(labels())
    layer.brush_size = BRUSH
    layer.selected_label = 1
    events: list[float] = []
    for path in script.strokes:
        with layer.block_history():
            for before, to in pairwise(path):
                began = time.perf_counter()
                # What its draw tool calls for each move of the pointer.
                layer._draw(1, before[::-1], to[::-1])
                events.append(1000 * (time.perf_counter() - began))
    fills = []
    for x, y in script.fills:
        began = time.perf_counter()
        layer.fill((y, x), 0)
        fills.append(1000 * (time.perf_counter() - began))
    return Peer(events, fills)
