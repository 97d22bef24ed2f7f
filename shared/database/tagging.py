"""Tags as RDS writes them, and as the rest of Snapveil reads them."""

from collections.abc import Mapping


def write_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Turn a mapping into the list that RDS takes."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def read_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Turn RDS's list into a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags or []}
