"""Other ways to one mask: crowd-kit's, where it is installed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models.labels import Labels

Peer = Callable[[Sequence[Labels]], Labels]


def peers() -> dict[str, Peer]:
    """SegmentationEM and SegmentationRASA (crowd-kit) by name; empty without the package."""
    try:
        from crowdkit.aggregation import image_segmentation as kit
    except ImportError:
        return {}
    return {
        "em": lambda masks: _fitted(kit.SegmentationEM(), masks),
        "rasa": lambda masks: _fitted(kit.SegmentationRASA(), masks),
    }


def _fitted(method: Any, masks: Sequence[Labels]) -> Labels:
    import pandas as pd

    data = pd.DataFrame(
        {
            "task": ["t"] * len(masks),
            "worker": [f"w{i}" for i in range(len(masks))],
            "segmentation": [mask > 0 for mask in masks],
        }
    )
    return np.asarray(method.fit_predict(data)["t"]).astype(np.uint8)
