"""Mending the body of a dead letter: single fields, or the whole of it in an editor."""

import json
from collections.abc import Sequence
from typing import Any

import click

from cli.dlq.letters import Letter
from cli.exits import InputError
from shared.events import MessageError


def assignment(text: str) -> tuple[str, Any]:
    """Read `field=value`; a value that is no JSON is a text. Raises InputError."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"--set {text}: write field=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def mend(
    letter: Letter,
    assignments: Sequence[tuple[str, Any]],
    *,
    interactive: bool,
    believed: frozenset[str] | None,
) -> str:
    """Return the mended body. Raises InputError if it is not changed, or no message that a service takes."""
    body = _assigned(letter, assignments) if assignments else letter.payload
    if interactive:
        edited = click.edit(_indented(body), extension=".json")
        if edited is None:
            raise InputError(f"{letter.id}: nothing was changed in the editor; nothing was sent")
        body = edited.strip()
    problem = letter.read(believed, body)
    if isinstance(problem, MessageError):
        raise InputError(f"{letter.id} as changed: {problem.reason}; nothing was sent")
    return json.dumps(json.loads(body))


def _assigned(letter: Letter, assignments: Sequence[tuple[str, Any]]) -> str:
    try:
        content = json.loads(letter.payload)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{letter.id}: its body is no JSON object; write it anew with --edit")
    inner = content["detail"] if isinstance(content.get("detail"), dict) else content
    inner.update(assignments)
    if inner is not content and "type" in inner:
        content["detail-type"] = inner["type"]
    return json.dumps(content)


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2) + "\n"
    except ValueError:
        return text
