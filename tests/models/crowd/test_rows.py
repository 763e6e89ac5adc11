"""Tables that somebody broke in the middle: the rest is read, nothing is lost."""

from pathlib import Path

import pytest

from models.crowd.reading import read
from models.crowd.rows import RowError, rows_of

NAMES = ["subject_id", "user_name", "x", "y", "label"]


def found(*lines: str) -> list[tuple[int, object]]:
    return [
        (number, str(row) if isinstance(row, RowError) else list(row.values()))
        for number, row in rows_of((f"{line}\n" for line in lines), NAMES)
    ]


def test_an_unclosed_quote_loses_its_own_row_alone() -> None:
    assert found("1,ann,1,2,a", '1,"ben,3,4,a', "1,cy,5,6,a", '1,"di",7,8,a') == [
        (2, ["1", "ann", "1", "2", "a"]),
        (3, "a quotation mark in it is never closed"),
        (4, ["1", "cy", "5", "6", "a"]),
        (5, ["1", "di", "7", "8", "a"]),
    ]


def test_an_unclosed_quote_in_the_last_row_is_named() -> None:
    assert found("1,ann,1,2,a", '1,ben,3,4,"a')[1] == (3, "a quotation mark in it is never closed")


def test_a_field_may_run_over_lines() -> None:
    assert found('1,ann,1,2,"one', "two, and three", 'four"', "1,ben,3,4,a") == [
        (2, ["1", "ann", "1", "2", "one\ntwo, and three\nfour"]),
        (3, ["1", "ben", "3", "4", "a"]),
    ]


def test_short_rows_are_padded_and_empty_lines_are_none() -> None:
    assert found("1,ann", "", "1,ben,3,4,a")[0] == (2, ["1", "ann", None, None, None])
    assert len(found("1,ann", "", "1,ben,3,4,a")) == 2


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('2,"ben,3,4,a', "a quotation mark in it is never closed"),
        ("2,ben,3\0,4,a", "it holds a zero byte"),
        ("2,ben,nan,4,a", "x is “nan”, which is no number"),
        (",ben,3,4,a", "it names no image or no volunteer"),
        ("2,ben,3", "it names no place"),
    ],
)
def test_a_broken_row_in_the_middle_is_named_and_all_others_are_read(
    tmp_path: Path, row: str, why: str
) -> None:
    path = tmp_path / "marks.csv"
    before = [f"{n},ann,{n},2,a" for n in range(50)]
    after = [f"{n},cy,{n},2,a" for n in range(50)]
    path.write_text("\n".join([",".join(NAMES), *before, row, *after]))
    table = read(path)
    assert table.broken == [f"Row 52 of marks.csv was left out: {why}."]
    assert table.points == 100


def test_columns_that_do_not_belong_to_the_table_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("subject_id,user_name,x,y,label\n1,ann,1,2,a,what,is,this\n")
    assert read(path).points == 1
