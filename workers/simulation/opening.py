"""The first training, which studies of one seed share whatever strategy follows.

Before anything was proposed there is nothing to choose by, so they show the same slices and learn
the same from them. The first to have learned keeps its model in a folder of the command; the others
find it in their run's folder as if they had trained it themselves. A run takes a finished model
only where it is the outcome of the same settings, data and labels, so none is ever taken wrongly.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from lamella.cubes.store import work_folder
from workers.simulation.cell import OPENINGS, Cell, Preset

FIRST_RUN = 1
"""Number of the first training run of an empty database."""


def take_over(cell: Cell, preset: Preset) -> None:
    """Put the model that this cell will begin with where its first run looks, if there is one."""
    kept = _kept(cell, preset)
    if kept is not None and kept.exists():
        shutil.copy(kept, _model())


def keep(cell: Cell, preset: Preset) -> None:
    """Keep the first run's model for others."""
    kept, model = _kept(cell, preset), _model()
    if kept is None or kept.exists() or not model.exists():
        return
    kept.parent.mkdir(exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}.partial")
    shutil.copy(model, partial)
    partial.replace(kept)


def _model() -> Path:
    # Imports torch, which those who only ask for a cached result need not wait for.
    from models.networks.train import MODEL_FILE

    return work_folder(f"training/{FIRST_RUN}") / MODEL_FILE


def _kept(cell: Cell, preset: Preset) -> Path | None:
    folder = os.environ.get(OPENINGS)
    if not folder:
        return None
    alike = [
        cell.image_hashes,
        cell.labels_hashes,
        cell.classes,
        cell.volunteers,
        cell.seed,
        preset.seed_share,
        preset.first_steps,
        {name: values for name, values in cell.settings.items() if name != "simulation"},
    ]
    name = hashlib.sha256(json.dumps(alike, sort_keys=True, default=dict).encode()).hexdigest()
    return Path(folder) / f"{name[:32]}.safetensors"
