"""The options of a simulated register, told by the fields of its profile: name, default, meaning.

A field says it in the comment behind it, in the comment above it, or in its line of the class's docstring
("name: meaning", "name, other: meaning"); else its type says it, where that is a choice of words.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, get_type_hints

from hw_sim import option_values

_TOLD = re.compile(r"( *)([a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*)*): (.+)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option as a person sets it. `kind` is its type, `choices` are all its values where these can be told."""

    name: str
    kind: Any
    default: Any
    about: str
    choices: tuple[str, ...] = ()

    @property
    def default_text(self) -> str:
        """The default as a person types it; a dash where there is none of its own."""
        return "-" if self.default is None else option_values.shown(self.default)

    def read(self, text: str) -> Any:
        """Its value. Raises ValueError, with the name in it."""
        why = f"one of {', '.join(choice or '(empty)' for choice in self.choices)}"
        try:
            value = option_values.read(self.kind, text, self.default)
        except ValueError as error:
            why = str(error)
        else:
            if self.kind is bool or not self.choices or text in self.choices:
                return value
        raise ValueError(f"option {self.name}: {text!r} will not do: {why}")


def of(profile: Any, group: str = "", choices: Mapping[str, tuple[str, ...]] | None = None) -> list[Option]:
    """Every field of a profile that a person can set, with the values of this one as defaults.

    Args:
        profile: an instance of a dataclass. Fields that are dataclasses, and other objects, are left out.
        group: what stands before each name, with a dot.
        choices: the values of fields whose type does not tell them.
    """
    told, kinds = meanings(type(profile)), get_type_hints(type(profile))
    return [
        Option(
            f"{group}.{field.name}" if group else field.name,
            kinds[field.name],
            getattr(profile, field.name),
            told.get(field.name) or _of_choice(kinds[field.name]),
            (choices or {}).get(field.name, option_values.choices(kinds[field.name])),
        )
        for field in fields(profile)
        if option_values.readable(kinds[field.name])
    ]


def find(options: Iterable[Option], name: str, whose: str) -> Option:
    """The option of this name. Raises ValueError that names the nearest one."""
    known = {option.name: option for option in options}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
        raise ValueError(f"{whose} has no option {name!r}{hint}")
    return known[name]


def grouped(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name as keyword arguments: those of a group as one object, the default with them in it."""
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, inner = name.partition(".")
        if dot:
            arguments[group] = replace(arguments.get(group, defaults[group]), **{inner: value})
        else:
            arguments[name] = value
    return arguments


_MEANINGS: dict[type, Mapping[str, str]] = {}  # Read once: a source is parsed for it.


def meanings(owner: type) -> Mapping[str, str]:
    """What the fields of a dataclass say of themselves."""
    if owner not in _MEANINGS:
        _MEANINGS[owner] = _read_source(owner)
    return _MEANINGS[owner]


def _read_source(owner: type) -> Mapping[str, str]:
    source = textwrap.dedent(inspect.getsource(owner))
    comments = {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    body = next(node.body for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    lines = source.splitlines()
    told = dict(_of_docstring(inspect.getdoc(owner) or ""))
    for node in body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        last = node.end_lineno or node.lineno
        said = comments.get(last) or comments.get(node.lineno) or _above(lines, comments, node.lineno)
        if said:
            told[node.target.id] = said
    return told


def _of_choice(kind: Any) -> str:
    """What an enumeration of our own says of itself."""
    return (kind.__doc__ or "").partition("\n")[0] if isinstance(kind, type) and issubclass(kind, Enum) else ""


def _above(lines: Sequence[str], comments: Mapping[int, str], line: int) -> str:
    """The comment lines that end right above a line."""
    said: list[str] = []
    while (line := line - 1) in comments and lines[line - 1].lstrip().startswith("#"):
        said.insert(0, comments[line])
    return " ".join(said)


def _of_docstring(text: str) -> Iterable[tuple[str, str]]:
    names: tuple[str, ...] = ()
    indent, said = "", ""
    for line in (*text.splitlines(), ""):
        found = _TOLD.fullmatch(line)
        if names and line.startswith(indent + "  ") and line.strip():
            said += f" {line.strip()}"
            continue
        yield from ((name, said) for name in names)
        names = tuple(found[2].split(", ")) if found else ()
        indent, said = (found[1], found[3]) if found else ("", "")
