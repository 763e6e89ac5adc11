"""``manage.py consensus``: a table of marks becomes a catalogue, consensus and skills."""

from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from lamella.volumes import codec
from tests.samples import sample_folder


def test_points_become_a_catalogue_and_a_broken_row_is_named(tmp_path: Path) -> None:
    rows = ["subject_id,user_id,x,y,label"]
    for image in range(4):
        for person in range(5):
            rows.append(f"{image},{person},{50 + person},{60 - person},clump")
        if image == 2:
            rows.append("2,9,left,3,clump")
    source = tmp_path / "marks.csv"
    source.write_text("\n".join(rows))
    told = StringIO()
    call_command("consensus", "--from", str(source), "--to", str(tmp_path / "out"), stdout=told)
    assert "Row 17 of marks.csv was left out: x is “left”, which is no number." in told.getvalue()
    found = pq.read_table(tmp_path / "out" / "catalogue.parquet").to_pylist()
    assert [row["image"] for row in found] == ["0", "1", "2", "3"]
    assert all(row["marked"] == 5 and row["false_positive"] < 0.5 for row in found)
    assert pq.read_table(tmp_path / "out" / "skills.parquet").num_rows >= 5


def test_a_real_export_of_drawn_lines_becomes_masks(tmp_path: Path) -> None:
    source = sample_folder("zooniverse") / "cat-project-classifications.csv"
    call_command("consensus", "--from", str(source), "--to", str(tmp_path), stdout=StringIO())
    agreed = pq.read_table(tmp_path / "consensus.parquet").to_pylist()
    assert len(agreed) > 20
    first = agreed[0]
    mask = codec.unpack(first["mask"], shape=(first["height"], first["width"]))
    assert mask.any()


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no file"):
        call_command("consensus", "--from", str(tmp_path / "none.csv"), stdout=StringIO())
