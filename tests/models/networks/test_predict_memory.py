"""Prediction takes the memory of a block, however deep the cube."""

import os
import subprocess
import sys
from pathlib import Path

from models.networks.checkpoint import save_checkpoint
from tests.models.networks.toys import untrained

ROOT = Path(__file__).parents[3]

PREDICT = """
import resource, sys
from pathlib import Path
import numpy as np
from models.config import PredictConfig
from models.networks.predict import predict

class Cube:
    shape = (int(sys.argv[2]), 384, 384)
    def __getitem__(self, key):
        slices = range(*key.indices(self.shape[0]))
        return np.stack([np.full(self.shape[1:], z % 200, np.float32) for z in slices])

config = PredictConfig(block=8, halo=2, tile=192, threads=1)
for block in predict(Path(sys.argv[1]), Cube(), 0.0, 255.0, config):
    assert block.probabilities.shape[1] == 8
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_peak_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path) -> None:
    model = untrained()
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model.segmenter, model.discriminator, model.meta)
    peaks = []
    for slices in (24, 96):
        ended = subprocess.run(
            [sys.executable, "-c", PREDICT, str(path), str(slices)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(ended.stdout))
    # 72 more slices would be 40 MiB each if their images or their probabilities were kept.
    assert peaks[1] < peaks[0] + 30, peaks
