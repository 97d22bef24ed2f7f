"""The templates that are kept in infra/templates: for whoever has no CDK, and for the embedded cloud."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "infra" / "templates"
EXAMPLES = {
    account: ROOT / "examples" / "shop" / f"{account}.yaml" for account in ("production", "development")
}

Template = dict[str, Any]


def text(template: Template) -> str:
    """Write a template so that a difference is a difference: sorted, one thing a line."""
    return json.dumps(template, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def differing(made: Mapping[str, Template], folder: Path = FOLDER) -> list[Path]:
    """Name the kept templates that are not what was made."""
    paths = {folder / f"{account}.json": text(template) for account, template in made.items()}
    return [path for path, expected in paths.items() if not path.exists() or path.read_text() != expected]
