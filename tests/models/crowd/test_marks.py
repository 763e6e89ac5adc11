"""Points and boxes: matched to objects, weighed by skill, read from tables with broken rows."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.crowd.drawings import Drawings, fill
from models.crowd.marks import MarkCrowd
from models.crowd.matching import group
from models.crowd.reading import Outline, Table, TableError, read
from models.crowd.skills import estimate


def table(objects: int = 3, images: int = 12, people: int = 9, spam: int = 1) -> Table:
    """People who mark every object of every image, and some who mark anywhere."""
    rng = np.random.default_rng(3)
    made = Table()
    for image in range(images):
        centre = np.stack([np.arange(objects) * 60 + 40, rng.uniform(40, 160, objects)], axis=1)
        for person in range(people):
            look = made.look(
                made.images.setdefault(f"i{image}", image),
                made.people.setdefault(f"p{person}", person),
            )
            marks = rng.uniform(0, 200, (2, 2)) if person < spam else centre
            for k, (y, x) in enumerate(marks + rng.normal(0, 2, marks.shape)):
                made.put(look, made.kinds.setdefault("ab"[k % 2], k % 2), x, y)
    return made


def test_marks_of_the_same_thing_become_one_object_and_strays_are_doubted() -> None:
    crowd = MarkCrowd(table().marks())
    crowd.learn()
    for found in crowd.find():
        assert int((found.false_positive < 0.5).sum()) == 3
        assert (found.marked[found.false_positive < 0.5] >= 8).all()
    skills = [estimate(t) for t in crowd.tallies()]
    assert skills[0].hit - skills[0].false_alarm < 0.2
    assert skills[1].hit - skills[1].false_alarm > 0.7


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), m=st.integers(0, 60))
def test_nobody_has_two_far_marks_in_one_object_and_every_mark_has_one(seed: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    centre, person = rng.uniform(0, 100, (m, 2)), rng.integers(0, 5, m)
    labels = group(centre, np.zeros((m, 2)), person, 10.0)
    assert set(labels.tolist()) == set(range(int(labels.max(initial=-1)) + 1))
    for k in np.unique(labels):
        assert np.ptp(centre[labels == k], axis=0).max(initial=0) <= 20


def test_marks_that_are_far_apart_are_matched_in_parts_alike() -> None:
    y, x = np.mgrid[:20, :20].reshape(2, -1) * 50.0
    centre = np.repeat(np.stack([y, x], axis=1), 2, axis=0)
    labels = group(centre, np.zeros_like(centre), np.tile([0, 1], 400), 10.0)
    assert int(labels.max()) == 399
    assert (labels[::2] == labels[1::2]).all()


def test_boxes_are_matched_by_their_overlap() -> None:
    centre = np.array([[10.0, 10], [11, 10], [10, 40]])
    labels = group(centre, np.full((3, 2), 20.0), np.array([0, 1, 0]), 5.0)
    assert labels.tolist() == [0, 0, 1]


def test_a_broken_row_in_the_middle_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    rows = ["subject_id,user_name,x,y,label", "1,ann,10,20,a", "1,ben,ten,20,a", "2,ben,5,-1,a"]
    path.write_text("\n".join([*rows, "2,ann,,", "2,cy,5,5,a"]))
    found = read(path)
    assert found.points == 2
    assert len(found.images) == 2
    assert found.broken == [
        "Row 3 of marks.csv was left out: x is “ten”, which is no number.",
        "Row 4 of marks.csv was left out: it lies outside the image.",
    ]
    assert found.marks().starts.tolist() == [0, 1, 2]


def test_a_table_without_the_columns_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"other\.csv has no column subject_id"):
        read(path)


def test_an_export_gives_points_boxes_and_lines(tmp_path: Path) -> None:
    line = {"pathX": [1, 30, 30], "pathY": [1, 1, 30], "tool_label": "cell"}
    short = {"points": [{"x": 1, "y": 1}], "tool_label": "cell"}
    box = {"x": 10, "y": 10, "width": 4, "height": 6, "tool": 0}
    value = json.dumps([{"task": "T0", "value": [line, short, box, {"x": 5, "y": 5}]}])
    path = tmp_path / "export.csv"
    quoted = value.replace('"', '""')
    path.write_text(f'subject_ids,user_name,annotations\n7,ann,"{quoted}"\n7,ben,"{{"\n')
    found = read(path)
    assert len(found.outlines) == 1
    assert found.points == 2
    assert found.marks().centre.tolist() == [[13, 12], [5, 5]]
    assert found.broken == [
        "A mark in row 2 was left out: a closed line needs three points.",
        "Row 3 of export.csv was left out: its annotations are not valid JSON.",
    ]


def test_open_crossing_and_outlying_lines_are_filled_and_cut_off() -> None:
    nothing = np.zeros((40, 40), np.uint8)
    bow = Outline(0, 0, 0, ((5, 5), (35, 35), (35, 5), (5, 35)))
    out = Outline(0, 0, 1, ((30, 30), (90, 30), (90, 1e9), (30, 90)))
    mask = fill([bow, out], nothing)
    assert (mask[20, 8], mask[20, 32], mask[8, 20]) == (1, 1, 0)
    assert mask[39, 39] == 2


def test_lines_of_several_people_become_masks() -> None:
    made = Table(kinds={"cell": 0}, size={0: (60, 60)})
    for person, shift in enumerate((0, 1, -1)):
        made.look(made.images.setdefault("one", 0), made.people.setdefault(f"p{person}", person))
        square = ((10.0 + shift, 10.0), (40.0 + shift, 10.0), (40.0 + shift, 40.0), (10.0, 40.0))
        made.outlines.append(Outline(0, person, 0, square))
    drawings = Drawings(made)
    drawings.learn()
    (agreed,) = drawings.find()
    assert agreed.result.mask[25, 25] == 1
    assert 800 < int(agreed.result.mask.sum()) < 1100
    assert len(agreed.result.objects) == 1
