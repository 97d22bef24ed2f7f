"""Runs the customer's own steps around the rules: SQL of the policy, or files that lie beside it."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.anonymize.worker.engines import Masking
from services.anonymize.worker.engines.scripts import INLINE
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import Step
from services.anonymize.worker.progress import Advance, Tell


@dataclass(frozen=True)
class StepDone:
    """A step that ran to its end."""

    when: str  # before or after
    step: str
    seconds: float


def run_steps(
    masking: Masking, when: str, steps: Iterable[Step], files: Mapping[str, bytes], tell: Tell
) -> tuple[StepDone, ...]:
    """Run steps one after the other, each under a checkpoint of its own. Raises MaskingError at the first
    that fails."""
    done = []
    for place, step in enumerate(steps, start=1):
        tell(Advance("scripting", table=step.label))
        began = time.monotonic()
        name = step.text if step.is_file else INLINE
        content = files if step.is_file else {name: step.text.encode()}
        try:
            masking.run_script(f"{when} {place}", name, content)
        except MaskingError as error:
            raise MaskingError(f"{step.at}: {error}") from error
        done.append(StepDone(when, step.label, round(time.monotonic() - began, 3)))
    return tuple(done)
