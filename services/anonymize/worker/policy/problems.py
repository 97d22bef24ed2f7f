"""What is wrong with a policy, each finding at its line."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

NEAR = 0.7  # of 1: emial is 0.8 near email, and paid 0.67 near id


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in a file of the policy; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One finding and its place."""

    at: Place
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


class PolicyError(Exception):
    """The policy cannot be used; every problem that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean email?)`, or nothing when no known name comes near; capitals count last."""
    written: dict[str, str] = {}
    for one in known:
        written.setdefault(one.casefold(), one)
    near = difflib.get_close_matches(name.casefold(), list(written), n=1, cutoff=NEAR)
    return f" (did you mean {written[near[0]]}?)" if near else ""
