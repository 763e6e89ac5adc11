"""Every text that a catalogue must know, gathered from the sources without any tool but Python.

Three kinds: what templates mark, what Python code marks with gettext, and the sentences that the
domain says without knowing a language (see sentences.py), which are recognised by where they
stand: in an exception, or as the title, reason or note of something that pages show.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.utils.translation.template import templatize

from lamella.languages.sentences import CONTEXT

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, order=True)
class Text:
    """One entry of a catalogue, and the file that it stands in."""

    file: str
    msgid: str
    plural: str = ""
    context: str = ""


def texts() -> list[Text]:
    """Every text once a file, in the order of files."""
    found: list[Text] = []
    for folder in ("platform/lamella", "models", "workers"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix == ".html":
                found += _of_template(path, name)
            elif path.suffix == ".py" and "migrations" not in path.parts:
                found += _of_module(path, name)
    return list(dict.fromkeys(found))


_STRING = r"""u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\""""
_CALL = re.compile(
    rf"\b(_|n?p?gettext)\(({_STRING})(?:,\s*({_STRING}))?(?:,\s*({_STRING}))?", re.DOTALL
)


def _of_template(path: Path, name: str) -> Iterator[Text]:
    # Django writes the template as gettext calls between noise.
    for call in _CALL.finditer(templatize(path.read_text(), origin=str(path))):
        words = [ast.literal_eval(word) for word in call.groups()[1:] if word]
        yield _text(name, call[1], words)


def _text(name: str, function: str, words: list[str]) -> Text:
    words = list(words)
    context = words.pop(0) if function.startswith(("p", "np")) else ""
    return Text(name, words[0], words[1] if "ngettext" in function else "", context)


_GETTEXT = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "npgettext",
    "pgettext", "pgettext_lazy",
}  # fmt: skip

# Arguments by name whose text pages show.
_SHOWN = {"title", "reason", "retire_reason", "note", "message", "error", "words"}
# Names whose values go the same way.
_HELD = {"reason", "why", "where", "note", "fault", "verdict"}

# These tell a programmer of a mistake; people are told of a fault in the program.
_FAULTS = {"AssertionError", "IndexError", "MaskError", "RuntimeError", "TypeError", "ValueError"}

# These speak to whoever sits at the server's terminal.
_TERMINAL = re.compile(
    r"/management/|^workers/(demo|simulation)|^models/(networks|simulate)|/config/(settings|wsgi)"
    r"|CommandError|^platform/lamella/languages/"
)


# Modules that only tell: every text of theirs with a space in it is shown.
_TELLING = re.compile(
    r"lamella/(jobs/(kinds|reconciler|services)|loop/(anchored|certify|gating)|config/api"
    r"|cubes/services|volumes/ingest)\.py$"
    r"|^models/(limits|crowd/(majority|risk)|quality/(audit|certificate|forecast|gate)|selection/\w+)\.py$"
    r"|^workers/(runner|runs|handlers/pretrain)\.py$"
)


# Settings whose docstrings stand beside their fields on the training desk.
_SETTINGS = {"TrainConfig", "ScheduleConfig"}


def docstrings(tree: ast.Module, kind: str) -> dict[str, str]:
    """{field: the docstring below it} of a dataclass, each on one line."""
    found: dict[str, str] = {}
    body = next((n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind), [])
    for field, told in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(told, ast.Expr):
            words = ast.literal_eval(told.value)
            found[ast.unparse(field.target)] = " ".join(words.split())
    return found


def _of_module(path: Path, name: str) -> Iterator[Text]:
    tree = ast.parse(path.read_text())
    if name == "models/config/networks.py":
        for kind in sorted(_SETTINGS):
            yield from (
                Text(name, told, context=CONTEXT) for told in docstrings(tree, kind).values()
            )
    if _TELLING.search(name):
        yield from (Text(name, words, context=CONTEXT) for words in _told(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in _GETTEXT:
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            told = [word for word in words if isinstance(word, str)]
            # A name that is handed on is extracted where it is written.
            if told:
                yield _text(name, _called(node), told)
        elif not _TERMINAL.search(name):
            for value in _spoken(node):
                for template in _templates(value):
                    yield Text(name, template, context=CONTEXT)


def _told(tree: ast.Module) -> Iterator[str]:
    """Every sentence of a module but its docstrings."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) or (
            isinstance(node, ast.Call) and _called(node) in {"NinjaAPI", *_FAULTS}
        ):
            silent |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in silent:
            yield from _templates(node)


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _spoken(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions at this node that hold a sentence for people."""
    if isinstance(node, ast.Call):
        if _called(node).endswith("Error") and _called(node) not in _FAULTS:
            yield from node.args
        elif _called(node) in ("progress", "Choice"):
            yield from node.args[2:3]
        for keyword in node.keywords:
            if keyword.arg in _SHOWN:
                yield keyword.value
    elif isinstance(node, ast.Assign):
        if any(isinstance(t, ast.Name) and t.id in _HELD for t in node.targets):
            yield node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in _SHOWN:
                yield value


def _templates(value: ast.expr) -> Iterator[str]:
    """'{name} is empty' of f"{file.name} is empty"; nothing for what holds no words."""
    if isinstance(value, ast.IfExp):
        yield from _templates(value.body)
        yield from _templates(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _templates(part)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        if " " in value.value.strip():
            yield value.value.strip()
    elif isinstance(value, ast.JoinedStr):
        # What a sentence goes on after is another sentence, which is looked up by itself.
        template = re.sub(r"^\{\w+\} (?=[A-Z])", "", _joined(value).strip())
        # Of a text that is nearly all holes nothing could be recognised.
        if " " in template and re.search(r"[A-Za-z]{4}", re.sub(r"\{\w+\}", "", template)):
            yield template


def _joined(value: ast.JoinedStr) -> str:
    parts: list[str] = []
    names: dict[str, int] = {}
    for part in value.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            names[name] = names.get(name, 0) + 1
            parts.append(f"{{{name}{names[name] if names[name] > 1 else ''}}}")
    return "".join(parts)


def _name(value: ast.expr) -> str:
    """A telling name for what is filled in: the last one in the expression."""
    found = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(value)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    if isinstance(value, ast.Attribute | ast.Name):
        return found[0]
    words = [name for name in found if name not in ("str", "len", "repr", "sorted", "join")]
    return words[-1] if words else "value"
