"""What a template declares for its own sources, declared for other sources instead.

A kept template is made from an example's sources; which they are, and what their parameters begin with, it
says in `Metadata.snapveil.sources`. The first source of each kind is the prototype of every local source of
that kind. Whatever refers to a source's parameters is that source's: an entry of a section of the template (a
resource, say), or an element of a list outside of intrinsic functions; so is, in turn, what refers to a
source's resource. It is declared anew for each local source, with that source's names in its references.
In JSON that a function writes (the configuration document), so is an entry of a mapping whose key does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.stacks import json_text
from local.stacks.errors import TemplateError
from local.stacks.references import is_intrinsic, references, renamed

_SECTIONS = ("Conditions", "Resources", "Outputs")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Wanted:
    """A source that a template is to be repeated for."""

    name: str
    kind: str

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with."""
        return "".join(word.capitalize() for word in _WORD.findall(self.name))


@dataclass(frozen=True)
class _Prototype:
    """A source that the template was made with."""

    name: str
    prefix: str
    copies: tuple[Wanted, ...]


def repeated(template: Mapping[str, Any], sources: tuple[Wanted, ...]) -> dict[str, Any]:
    """Return a template for these sources.

    Raises TemplateError if it has no prototype of a kind, if two sources cannot be told apart, and for what
    belongs to several sources at once.
    """
    return _Repetition(template, sources).template()


class _Repetition:
    def __init__(self, template: Mapping[str, Any], sources: tuple[Wanted, ...]) -> None:
        self._template = template
        self._prototypes = _prototypes(template, sources)
        self._owners = self._owners_of_parameters()
        for section in _SECTIONS:
            self._find_owners(section)

    def template(self) -> dict[str, Any]:
        """The template with every source's things in it, and none of the prototypes'."""
        written = dict(self._template)
        for section in ("Parameters", *_SECTIONS):
            if section in written:
                written[section] = self._section(section)
        own = written["Metadata"]["snapveil"]
        sources = {
            copy.name: {"prefix": copy.prefix, "kind": copy.kind}
            for prototype in self._prototypes
            for copy in prototype.copies
        }
        written["Metadata"] = {**written["Metadata"], "snapveil": {**own, "sources": sources}}
        return written

    def _owners_of_parameters(self) -> dict[str, _Prototype]:
        """The parameters of the prototypes: a name belongs to the longest prefix that it begins with."""
        found = {}
        for name in self._template.get("Parameters", {}):
            owners = [one for one in self._prototypes if name.startswith(one.prefix)]
            if owners:
                found[name] = max(owners, key=lambda one: len(one.prefix))
        return found

    def _find_owners(self, section: str) -> None:
        """Find the entries of a section that belong to a source, also by referring to another such entry."""
        entries = self._template.get(section, {})
        looked_at = -1
        while looked_at != len(self._owners):
            looked_at = len(self._owners)
            for name, entry in entries.items():
                owner = self._owner(f"{section}/{name}", entry)
                if owner is not None:
                    self._owners[name] = owner

    def _section(self, section: str) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, entry in self._template[section].items():
            owner = self._owners.get(name)
            if owner is None:
                written[name] = self._shared(entry)
                continue
            for copy in owner.copies:
                new = self._name(name, owner, copy)
                if new in written or (
                    new != name and new in self._template[section] and new not in self._owners
                ):
                    raise TemplateError(f"{section}/{new}: source {copy.name} has the name of something else")
                written[new] = self._copied(entry, owner, copy)
        return written

    def _shared(self, value: Any) -> Any:
        """What belongs to no source, with the elements that do repeated."""
        if isinstance(value, list):
            return list(self._elements(value))
        if not isinstance(value, dict):
            return value
        if is_intrinsic(value):
            content = json_text.content_of(value) if self._refers_to_sources(value) else None
            return value if content is None else json_text.call_of(self._said(content))
        shared = {key: self._shared(one) for key, one in value.items()}
        if "DependsOn" in value:
            shared["DependsOn"] = self._expanded(value["DependsOn"])
        return shared

    def _elements(self, values: list[Any]) -> Iterator[Any]:
        for value in values:
            owner = self._owner("a list", value)
            if owner is None:
                yield self._shared(value)
            else:
                yield from (self._copied(value, owner, copy) for copy in owner.copies)

    def _said(self, content: Any) -> Any:
        """The same for a text's JSON: entries whose key refers to a source, and such elements of lists."""
        if isinstance(content, list):
            said: list[Any] = []
            for value in content:
                owner = self._owner_in_text(value) if isinstance(value, str) else None
                copies = (
                    [json_text.renamed(value, self._names(owner, copy)) for copy in owner.copies]
                    if owner
                    else []
                )
                said += copies if owner else [self._said(value)]
            return said
        if not isinstance(content, dict):
            return content
        entries: dict[str, Any] = {}
        for key, value in content.items():
            owner = self._owner_in_text(key)
            if owner is None:
                entries[key] = self._said(value)
                continue
            for copy in owner.copies:
                entries |= json_text.renamed({key: value}, self._names(owner, copy))
        return entries

    def _copied(self, value: Any, owner: _Prototype, copy: Wanted) -> Any:
        names = self._names(owner, copy)
        copied = renamed(value, names)
        if isinstance(copied, dict) and "DependsOn" in copied:
            given = copied["DependsOn"]
            listed = [given] if isinstance(given, str) else given
            copied["DependsOn"] = [names.get(name, name) for name in listed]
        if isinstance(copied, dict) and isinstance(copied.get("Condition"), str):
            copied["Condition"] = names.get(copied["Condition"], copied["Condition"])
        return copied

    def _expanded(self, given: str | list[str]) -> list[str]:
        listed = [given] if isinstance(given, str) else given
        return [
            self._name(name, owner, copy) if owner and copy else name
            for name in listed
            for owner in [self._owners.get(name)]
            for copy in (owner.copies if owner else (None,))
        ]

    def _owner(self, where: str, value: Any) -> _Prototype | None:
        """The source that a piece belongs to, by what it refers to outside of its own lists."""
        return self._only(where, _direct(value))

    def _owner_in_text(self, text: str) -> _Prototype | None:
        return self._only(text, json_text.references(text))

    def _only(self, where: str, names: Iterable[str]) -> _Prototype | None:
        owners = {one.name: one for one in map(self._owners.get, names) if one is not None}
        if len(owners) > 1:
            raise TemplateError(
                f"{where} belongs to {' and '.join(sorted(owners))} at once, outside of a list"
            )
        return next(iter(owners.values()), None)

    def _refers_to_sources(self, value: Any) -> bool:
        return any(name in self._owners for name in references(value))

    def _names(self, owner: _Prototype, copy: Wanted) -> dict[str, str]:
        return {name: self._name(name, owner, copy) for name, one in self._owners.items() if one is owner}

    @staticmethod
    def _name(name: str, owner: _Prototype, copy: Wanted) -> str:
        if name.startswith(owner.prefix):
            return copy.prefix + name.removeprefix(owner.prefix)
        return f"{name}Of{copy.prefix}"


def _direct(value: Any) -> Iterator[str]:
    """The names that a piece refers to outside of lists and JSON; the arguments of a function are no list."""
    if isinstance(value, dict):
        if is_intrinsic(value):
            if json_text.content_of(value) is None:
                yield from references(value)
            return
        for key, one in value.items():
            if key == "Condition" and isinstance(one, str):
                yield one
            yield from _direct(one)


def _prototypes(template: Mapping[str, Any], sources: tuple[Wanted, ...]) -> list[_Prototype]:
    described = template.get("Metadata", {}).get("snapveil", {}).get("sources")
    if not described:
        raise TemplateError(
            "Metadata.snapveil.sources: the template does not say which sources it was made with"
        )
    prefixes: dict[str, str] = {}
    for source in sources:
        other = prefixes.setdefault(source.prefix, source.name)
        if other != source.name:
            raise TemplateError(f"sources {other} and {source.name}: both are {source.prefix} in a template")
    first: dict[str, str] = {}
    for name, one in described.items():
        first.setdefault(one["kind"], name)
    for source in sources:
        if source.kind not in first:
            raise TemplateError(f"source {source.name}: the template has no source of kind {source.kind}")
    return [
        _Prototype(
            name,
            one["prefix"],
            tuple(source for source in sources if source.kind == one["kind"] and first[one["kind"]] == name),
        )
        for name, one in described.items()
    ]
