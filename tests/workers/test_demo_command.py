"""What the demo's commands say to input that they cannot show."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("command", ["demo", "demo_simulated"])
def test_labels_without_their_image_are_not_passed_over(command: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="give IMAGE"):
        call_command(command, labels=tmp_path / "labels.tif")


@pytest.mark.parametrize("command", ["demo", "demo_simulated"])
def test_a_stack_that_is_not_there_is_named(command: str, tmp_path: Path) -> None:
    image = tmp_path / "nowhere.tif"
    with pytest.raises(CommandError, match=r"There is no file .*nowhere\.tif"):
        call_command(command, image=image, labels=image)
