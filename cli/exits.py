"""How a command ends: 0 fine, 1 failed or something found, 2 unusable input, 130 interrupted."""

FINE, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


class InputError(Exception):
    """What the user gave cannot be used; nothing was started. Each line of the text is one finding."""


class RunFailedError(Exception):
    """The run ended wrongly; the text says why and what to do."""
