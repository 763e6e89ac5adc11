"""Several processes train one model as one process would."""

import atexit
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.config import NetworkConfig
from models.networks.checkpoint import read_tensors
from models.networks.ranks import ALONE, Ranks, find_ranks
from models.networks.train import MODEL_FILE, train
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of, files

KNOWN = [2, 6, 10, 13]
STILL = dataclasses.replace(
    QUICK, windows=4, rotation=0.0, zoom=0.0, flips=False, intensity=0.0, noise=0.0,
    slice_faults=0.0, adversarial_weight=0.0, max_steps=3, precision="float32",
)  # fmt: skip
"""Without augmentation, so that several processes see what one would; in bfloat16, which some
processors compute in, half the windows round otherwise than all of them."""
EACH_SLICE = dataclasses.replace(SMALL, norm="slice", neighbours=False)
"""No batch statistics, which on CPUs are of each process's own windows, and no made neighbours,
which each process makes as it likes."""


def run(folder: Path, network: NetworkConfig = EACH_SLICE) -> Path:
    result = train(
        [cube_of(*blobs(), KNOWN)], [1], STILL, network=network, checkpoint_dir=folder, resume=True
    )
    assert result.steps == 3
    return folder / MODEL_FILE


def main(folder: Path) -> None:
    """What each of the processes does."""
    # Registered before the group is made, so that it is called after the group is left.
    atexit.register(lambda: (folder / f"threads-{os.environ['RANK']}").write_text(thread_names()))
    run(folder / "slice")
    run(folder / "slice")  # finished already: both must see it, or one waits for ever
    run(folder / "batch", SMALL)
    here = find_ranks("cpu")
    try:
        here.agree(float(here.rank))
    except ValueError as error:
        (folder / f"refused-{here.rank}").write_text(str(error))


def thread_names() -> str:
    """The names of this process's threads, C++ ones included."""
    return " ".join(sorted(task.read_text() for task in Path("/proc/self/task").glob("*/comm")))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes under torchrun leave behind."""
    folder = tmp_path_factory.mktemp("together")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "tests.models.networks.test_ranks", str(folder)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_two_processes_train_the_weights_that_one_would(together: Path, tmp_path: Path) -> None:
    one = read_tensors(run(tmp_path))[0]
    two = read_tensors(together / "slice" / MODEL_FILE)[0]
    assert one.keys() == two.keys()
    for name in one:
        if name.startswith("segmenter."):
            torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=1e-4, msg=name)


def test_batch_statistics_of_half_the_windows_train_too(together: Path) -> None:
    tensors = read_tensors(together / "batch" / MODEL_FILE)[0]
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_only_the_first_process_writes(together: Path) -> None:
    assert files(together / "slice") == {MODEL_FILE}


def test_processes_that_see_other_files_are_refused(together: Path) -> None:
    for rank in (0, 1):
        assert "same checkpoint folder" in (together / f"refused-{rank}").read_text()


def test_a_process_by_itself_needs_no_others() -> None:
    value = torch.ones(2, requires_grad=True)
    assert ALONE.total(value) is value
    assert ALONE.mean([1.0, 2.0]) == ALONE.from_first([1.0, 2.0]) == [1.0, 2.0]
    ALONE.agree(3.0)
    ALONE.wait()
    here = find_ranks("cpu")
    assert (here.rank, here.world, here.first) == (0, 1, True)


def test_more_processes_than_windows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = dataclasses.replace(STILL, windows=1, pixels=0)
    four = Ranks(0, 4, torch.device("cpu"))
    monkeypatch.setattr("models.networks.train.find_ranks", lambda device: four)
    with pytest.raises(ValueError, match="too few for 4 processes"):
        train([cube_of(*blobs(), KNOWN)], [1], crowd, network=SMALL, checkpoint_dir=tmp_path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))


def test_no_thread_of_the_group_outlives_it(together: Path) -> None:
    # One that does may abort the process while the interpreter goes down.
    for rank in (0, 1):
        assert "gloo" not in (together / f"threads-{rank}").read_text()
