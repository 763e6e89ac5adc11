"""Guides are Markdown written by people: rendered, then cleaned."""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

# Raw HTML is not even parsed; nh3 is the second lock on the same door.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")

_TAGS = {
    "a", "abbr", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "img", "kbd", "li",
    "ol", "p", "pre", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


# Each offer of a task brings its study's guide and lessons along.
@lru_cache(maxsize=256)
def render(text: str) -> str:
    """Safe HTML of a guide; headings begin at the second level, below the page's own title."""
    html = _MARKDOWN.render(text)
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>")
        html = html.replace(f"</h{level}>", f"</h{level + 1}>")
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def render_cards(text: str) -> list[str]:
    """Safe HTML of each section; a heading begins a new one."""
    sections = re.split(r"(?m)^(?=#{1,6} )", text)
    return [render(section) for section in sections if section.strip()]
