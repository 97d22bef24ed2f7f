"""What AWS would refuse only at deployment: sizes of templates, policies and parameters."""

import json
from collections.abc import Iterator
from typing import Any

RESOURCES, PARAMETERS, OUTPUTS = 500, 200, 200
TEMPLATE_BYTES = 1_000_000
# IAM counts a role's own policies together, and no white space.
ROLE_CHARACTERS, MANAGED_CHARACTERS = 10_240, 6_144
PARAMETER_CHARACTERS = 8_192

_KNOWN = {"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "111111111111"}
_LONGEST_NAME = 40


class TooLargeError(ValueError):
    """A document asks for more than one stack can hold; the text says of what."""


def check(template: dict[str, Any]) -> None:
    """Compare a template with AWS's limits. Raises TooLargeError."""
    problems = [
        f"{what}: {size}, where AWS takes {most}: put some sources into another account"
        for what, size, most in _sizes(template)
        if size > most
    ]
    if problems:
        raise TooLargeError("\n".join(problems))


def _sizes(template: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    for section, most in (("Resources", RESOURCES), ("Parameters", PARAMETERS), ("Outputs", OUTPUTS)):
        yield section.lower(), len(template.get(section, {})), most
    yield "bytes of the template", len(json.dumps(template, indent=1).encode()), TEMPLATE_BYTES
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::IAM::Role":
                size = sum(_length(one["PolicyDocument"]) for one in properties.get("Policies", ()))
                yield f"characters of the policy of {name}", size, ROLE_CHARACTERS
            case "AWS::IAM::ManagedPolicy":
                yield f"characters of {name}", _length(properties["PolicyDocument"]), MANAGED_CHARACTERS
            case "AWS::SSM::Parameter":
                yield f"characters of {name}", len(_text(properties["Value"])), PARAMETER_CHARACTERS


def _length(document: Any) -> int:
    return len(json.dumps(_plain(document), separators=(",", ":")))


def _plain(value: Any) -> Any:
    """Put a text of a likely length in the place of each intrinsic."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in {"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::Join"}:
            return _text(value)
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return _KNOWN.get(name, "x" * _LONGEST_NAME)
        case {"Fn::Sub": [str(text), dict(values)]}:
            return _filled(text, {name: _text(one) for name, one in values.items()})
        case {"Fn::Sub": str(text)}:
            return _filled(text, {})
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(_text(part) for part in parts)
    return "x" * 80  # the ARN of something


def _filled(text: str, values: dict[str, str]) -> str:
    pieces = text.split("${")
    filled = pieces[0]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        filled += (values.get(name) or _KNOWN.get(name) or "x" * _LONGEST_NAME) + rest
    return filled
