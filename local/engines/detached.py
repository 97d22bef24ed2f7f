"""Putting away an engine that was left running on purpose (KEEP=1, `snapveil local down`)."""

import shutil

from local.engines.port import Endpoint
from local.engines.processes import end, serving_pid


def remove_detached(endpoint: Endpoint) -> None:
    """Stop an engine that detach() left running and remove its files; both may be gone already."""
    if endpoint.data_directory is not None:
        pid = serving_pid(endpoint.data_directory)
        if pid is not None:
            end(pid, gently=False)
    for path in endpoint.belongings:
        shutil.rmtree(path, ignore_errors=True)
