"""The segmenter beside two usual networks: Dice after equal seconds, and voxels a second.

    python -m benchmarks --only segmentation

All learn from the same few whole slices of a volume, with the same sampler, augmentation, loss,
one-cycle rate and averaged weights; the network differs, its window, and its optimizer: Muon for
the segmenter's kernels, AdamW for the others. The segmenter is shown the labelled slices beside
each slice, in training and prediction, as in a study; what it gives without stands beside it. All
predict one view, where studies average two. Dice is of the slices that nobody labelled. Speeds
count the image's voxels that are read. Times are of the clock, so the machine must be quiet.

    python -m benchmarks.segmentation --tune

plays each peer at several rates on a phantom, on which nothing is reported.
"""

import copy
import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.data import BRATS, EMBRYO, VNC_SLICES, Volume
from benchmarks.rows import Row, row
from models.config import PredictConfig, TrainConfig
from models.networks.augment import augment
from models.networks.data import WindowSampler
from models.networks.losses import SegmentationLoss
from models.networks.predict import predict
from models.networks.schedule import learning_rate
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice, scale_intensity
from models.quality.metrics import dice
from models.simulate.phantom import make_phantom

SHOWN = 0.07
"""Share of slices that are labelled, evenly along z."""
THREADS = 2
WINDOW = (16, 128, 128)
"""What the three-dimensional networks are shown at once, in training and prediction."""


@dataclass(frozen=True)
class Peer:
    """A three-dimensional network of MONAI: (B, 1, z, y, x) to (B, 2, z, y, x).

    rate: peak learning rate, the best of RATES on a phantom (`tune`; docs/benchmarks.md).
    """

    name: str
    build: Callable[[], nn.Module]
    rate: float


def basic_unet() -> nn.Module:
    from monai.networks.nets.basic_unet import BasicUNet

    return BasicUNet(3, 1, 2, features=(16, 32, 64, 96, 128, 16))


def dyn_unet() -> nn.Module:
    """Anisotropic first, as nnU-Net plans thick slices; the widths of the segmenter."""
    from monai.networks.nets.dynunet import DynUNet

    return DynUNet(
        3,
        1,
        2,
        kernel_size=[(1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)],
        strides=[1, (1, 2, 2), (2, 2, 2), (2, 2, 2)],
        upsample_kernel_size=[(1, 2, 2), (2, 2, 2), (2, 2, 2)],
        filters=(16, 32, 64, 96),
        res_block=False,
    )


PEERS = (Peer("BasicUNet 3D", basic_unet, 3e-3), Peer("DynUNet", dyn_unet, 3e-3))


RATES = (1e-3, 3e-3, 1e-2)
TUNING_SHAPE = (96, 160, 160)


def tune(seconds: float = 60.0, seed: int = 0) -> None:
    """Print what each peer reaches at each of RATES on phantom 0, and the segmenter beside it."""
    made = make_phantom(TUNING_SHAPE, seed=seed)
    cube, truth = labelled_cube(made.image, made.labels > 0, "phantom")
    print(f"ours: Dice {ours_run(cube, truth, seconds, seed).dice:.3f}", flush=True)
    for peer in PEERS:
        for rate in RATES:
            run = peer_run(dataclasses.replace(peer, rate=rate), cube, truth, seconds, seed)
            print(f"{peer.name}, rate {rate:g}: Dice {run.dice:.3f}", flush=True)


@dataclass
class Run:
    """What came of one training: Dice of the unseen slices, voxels a second of both phases; alone:
    the segmenter's Dice where it is shown no labelled slices."""

    dice: float
    trained: float
    predicted: float
    alone: float = float("nan")


def rows(quick: bool, seed: int) -> list[Row]:
    """One volume and 120 s where quick; three volumes and 480 s as well otherwise."""
    found: list[Row] = []
    for volume in (BRATS,) if quick else (BRATS, EMBRYO, VNC_SLICES):
        for seconds in (120,) if quick else (120, 480):
            seeds = range(seed, seed + (1 if quick else 3))
            found += _compared(volume, float(seconds), list(seeds))
    return found


def _compared(volume: Volume, seconds: float, seeds: Sequence[int]) -> list[Row]:
    cube, truth = labelled_cube(
        tifffile.imread(volume.image), tifffile.imread(volume.labels) > 0, volume.name
    )
    ours = [ours_run(cube, truth, seconds, seed) for seed in seeds]
    theirs = {p.name: [peer_run(p, cube, truth, seconds, seed) for seed in seeds] for p in PEERS}
    peers = {name: _mean([run.dice for run in runs]) for name, runs in theirs.items()}
    best = max(peers.values())
    peers["ours, image alone"] = _mean([run.alone for run in ours])
    mine = _mean([run.dice for run in ours])
    dyn = theirs["DynUNet"]
    name = f"segmentation.{volume.name}.{seconds:.0f}s"
    return [
        row(f"{name}.dice", mine, "Dice of unlabelled slices", f"> {best:.4f}", peers),
        *(
            row(
                f"{name}.{words}",
                _mean([getattr(r, what) for r in ours]) / _mean([getattr(r, what) for r in dyn]),
                "times DynUNet's voxels/s",
                ">= 2",
                {
                    "ours, voxels/s": _mean([getattr(r, what) for r in ours]),
                    **{
                        f"{peer}, voxels/s": _mean([getattr(r, what) for r in runs])
                        for peer, runs in theirs.items()
                    },
                },
            )
            for words, what in (("training_speed", "trained"), ("prediction_speed", "predicted"))
        ),
    ]


def labelled_cube(
    image: NDArray[Any], truth: NDArray[np.bool_], key: str
) -> tuple[TrainingCube, NDArray[np.bool_]]:
    """A cube (ZYX) of which SHOWN of the slices are known, evenly spread; and its truth."""
    low, high = (float(v) for v in np.percentile(image, [0.1, 99.9]))
    count = max(2, round(SHOWN * len(image)))
    shown = np.unique(np.linspace(0, len(image) - 1, 2 * count + 1)[1::2].round().astype(int))
    known = {int(z): TrainingSlice(truth[z].astype(np.uint8)) for z in shown}
    return TrainingCube(image, low, high, known, key=key), truth


def ours_run(cube: TrainingCube, truth: NDArray[np.bool_], seconds: float, seed: int) -> Run:
    config = TrainConfig(max_seconds=seconds, seed=seed, threads=THREADS)
    with tempfile.TemporaryDirectory() as folder:
        result = train([cube], [1], config, checkpoint_dir=Path(folder))
        assert result.checkpoint is not None
        seen = result.steps * _voxels(cube, config)
        began = time.monotonic()
        found = _predicted(result.checkpoint, cube, cube.known)
        spent = time.monotonic() - began
        alone = _predicted(result.checkpoint, cube, {})
    return Run(
        _unseen_dice(found, truth, cube),
        seen / result.seconds,
        found.size / spent,
        _unseen_dice(alone, truth, cube),
    )


def _predicted(
    model: Path, cube: TrainingCube, known: Mapping[int, TrainingSlice]
) -> NDArray[np.bool_]:
    settings = PredictConfig(threads=THREADS, mirrors=1)
    blocks = predict(model, cube.image, cube.low, cube.high, settings, known=known)
    found: NDArray[np.bool_] = np.concatenate([block.probabilities[0] for block in blocks]) > 0.5
    return found


def peer_run(
    peer: Peer, cube: TrainingCube, truth: NDArray[np.bool_], seconds: float, seed: int
) -> Run:
    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    config = TrainConfig(max_seconds=seconds, seed=seed, window=WINDOW[0], crop=WINDOW[1])
    # A peer is shown no neighbours, so none are made for it.
    config = dataclasses.replace(config, windows=2, pixels=0, hidden_neighbours=1.0)
    network = peer.build()
    averaged = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=config.weight_decay)
    sampler = WindowSampler([cube], [1], config, {}, stride=16)
    loss = SegmentationLoss()
    began, step, seen = time.monotonic(), 0, 0
    while (spent := time.monotonic() - began) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(spent / seconds, peer.rate)
        rng = np.random.default_rng((seed, step))
        batch = augment(sampler.draw(rng), config, rng)
        every = network(batch.image[:, None])
        logits = every[batch.windows, :, batch.slices]
        total: Tensor = torch.stack(loss(logits, batch.target, batch.weight)).sum()
        optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        decay = min(config.averaging, (1.0 + step) / (10.0 + step))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(averaged.parameters()), list(network.parameters()), 1.0 - decay
            )
        step += 1
        seen += int(batch.image.numel())
    trained = seen / (time.monotonic() - began)
    began = time.monotonic()
    found = _slide(averaged, scale_intensity(np.asarray(cube.image), cube.low, cube.high))
    spent = time.monotonic() - began
    return Run(_unseen_dice(found, truth, cube), trained, found.size / spent)


def _slide(network: nn.Module, image: NDArray[np.float32]) -> NDArray[np.bool_]:
    from monai.inferers.utils import sliding_window_inference

    with torch.inference_mode():
        logits = sliding_window_inference(
            torch.from_numpy(image)[None, None], WINDOW, 1, network, overlap=0.25, mode="gaussian"
        )
    assert isinstance(logits, Tensor)
    found: NDArray[np.bool_] = (logits[0, 1] > logits[0, 0]).numpy()
    return found


def _voxels(cube: TrainingCube, config: TrainConfig) -> int:
    """Voxels of the image in a step's windows, as they are counted for the peers."""
    sampler = WindowSampler([cube], [1], config, {}, stride=8)
    return sampler.draw(np.random.default_rng(0)).image.numel()


def _unseen_dice(found: NDArray[np.bool_], truth: NDArray[np.bool_], cube: TrainingCube) -> float:
    unseen = [z for z in range(len(truth)) if z not in cube.known]
    return dice(found[unseen].astype(np.uint8), truth[unseen].astype(np.uint8))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


if __name__ == "__main__":
    if sys.argv[1:] != ["--tune"]:
        sys.exit(
            "python -m benchmarks --only segmentation, or python -m benchmarks.segmentation --tune"
        )
    tune()
