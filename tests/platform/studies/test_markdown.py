"""What people write in Markdown is cleaned, and parted into cards."""

from lamella.studies.markdown import render, render_cards


def test_scripts_and_raw_html_do_not_get_through() -> None:
    html = render(
        "# Hi\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://a/b.png)"
    )
    assert "<script" not in html
    assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")
    assert '<img src="https://a/b.png"' in html


def test_each_heading_begins_a_card() -> None:
    cards = render_cards("Before all.\n\n# One\n\ntext\n\n## Two\n\n- a\n- b\n")
    assert [card.count("<h") for card in cards] == [0, 1, 1]
    assert cards[1].startswith("<h2>One</h2>")
    assert "<li>b</li>" in cards[2]


def test_a_study_without_lessons_has_no_cards() -> None:
    assert render_cards("") == []
    assert render_cards(" \n\n") == []
