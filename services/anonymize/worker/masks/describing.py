"""What the masks say about themselves, as plain values: for the command, the page and programs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.base import Example, Mask, Trait
from services.anonymize.worker.schema import Family


@dataclass(frozen=True)
class Parameter:
    """One parameter of a mask; `default` is None where it must be given or says nothing."""

    name: str
    description: str
    takes: str
    required: bool
    default: Any


@dataclass(frozen=True)
class Description:
    """One mask as people read about it."""

    word: str
    says: str
    accepts: tuple[str, ...]
    keeps: tuple[str, ...]
    loses: tuple[str, ...]
    unique_with: str  # what a rule has to say besides, so that uniqueness is kept; empty if nothing
    also_keeps: str
    also_loses: str
    parameters: tuple[Parameter, ...]
    example: Example

    @property
    def kept(self) -> tuple[str, ...]:
        """What it keeps, with what that asks for."""
        needed = f" with `{self.unique_with}`" if self.unique_with else ""
        return tuple(f"{one}{needed if one == Trait.UNIQUENESS else ''}" for one in self.keeps)

    @property
    def takes(self) -> str:
        """The accepted column types in a few words."""
        return "any" if len(self.accepts) == len(Family) else ", ".join(self.accepts)

    @property
    def signature(self) -> str:
        """The mask as a policy writes it, with every parameter."""
        parameters = [f"{one.name}: {one.takes}" for one in self.parameters]
        return f"{{mask: {', '.join([self.word, *parameters])}}}" if parameters else self.word

    def as_json(self) -> dict[str, Any]:
        """The description for programs."""
        return {
            "mask": self.word,
            "description": self.says,
            "accepts": list(self.accepts),
            "keeps": list(self.keeps),
            "loses": list(self.loses),
            "unique_with": self.unique_with or None,
            "keeps_also": self.also_keeps,
            "loses_also": self.also_loses,
            "parameters": [
                {
                    "name": one.name, "description": one.description, "type": one.takes,
                    "required": one.required, "default": one.default,
                }
                for one in self.parameters
            ],
            "example": {
                "rule": self.example.rule, "type": self.example.type, "row": dict(self.example.row),
                "before": self.example.before, "after": self.example.after,
            },
        }  # fmt: skip


def describe(mask: type[Mask]) -> Description:
    """Read a mask's own documentation."""
    keeps = mask.keeps | {Trait.TYPE}
    return Description(
        word=mask.word,
        says=" ".join((mask.__doc__ or "").split()),
        accepts=tuple(family.value for family in Family if family in mask.accepts),
        keeps=tuple(trait.value for trait in Trait if trait in keeps),
        loses=tuple(trait.value for trait in Trait if trait not in keeps),
        unique_with=mask.instead_for_unique.rstrip(", ") if Trait.UNIQUENESS in keeps else "",
        also_keeps=mask.preserves,
        also_loses=mask.loses,
        parameters=tuple(_parameters(mask)),
        example=mask.example,
    )


def descriptions() -> tuple[Description, ...]:
    """Every mask, in the order in which the page lists them."""
    return tuple(describe(mask) for mask in MASKS.values())


def page_table() -> str:
    """The table of masks in docs/policies.md."""
    lines = ["| mask | takes | parameters | keeps | loses |", "|---|---|---|---|---|"]
    for one in descriptions():
        parameters = ", ".join(f"`{named.name}`{'' if named.required else '?'}" for named in one.parameters)
        keeps = _cell([trait for trait in one.kept if trait != Trait.TYPE], one.also_keeps)
        loses = _cell(one.loses, one.also_loses)
        lines.append(f"| `{one.word}` | {one.takes} | {parameters} | {keeps} | {loses} |")
    return "\n".join(lines)


def _cell(traits: Iterable[str], words: str) -> str:
    return "; ".join(part for part in (", ".join(traits), words) if part)


def _parameters(mask: type[Mask]) -> Iterator[Parameter]:
    nested = {mask.nested_mask, mask.nested_masks}
    for name, field in mask.model_fields.items():
        silent = field.is_required() or field.default in (None, (), "")
        yield Parameter(
            name=name,
            description=field.description or "",
            takes=("mask" if name == mask.nested_mask else "masks by name")
            if name in nested
            else _type(field.annotation),
            required=field.is_required(),
            default=None if silent else field.default,
        )


def _type(annotation: Any) -> str:
    """A parameter's type as people write it: keep | national, text, number."""
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
    if origin is Literal:
        return " | ".join(map(str, parts))
    if origin in {Union, UnionType}:
        return " | ".join(dict.fromkeys(map(_type, parts)))
    if origin is Annotated:
        return _type(parts[0])
    if origin is tuple:
        return f"[{_type(parts[0])}, …]"
    if origin is not None:
        return f"{{name: {_type(parts[-1])}}}"
    return {str: "text", bool: "true | false", int: "number", float: "number"}.get(annotation, "text")
