"""Putting away an engine that was left running on purpose (KEEP=1, `snapveil local down`)."""

import shutil

from local.engines.port import Endpoint
from local.engines.processes import end, serving_pid


def remove_detached(endpoint: Endpoint) -> None:
    """Stop an engine that detach() left running and remove its files; both may be gone already.

    What it shares with others that were left running beside it goes with the last of them.
    """
    if endpoint.data_directory is None:
        return
    pid = serving_pid(endpoint.data_directory)
    if pid is not None:
        end(pid, gently=False)
    shutil.rmtree(endpoint.data_directory, ignore_errors=True)
    if not _serves_others(endpoint):
        for path in endpoint.belongings:
            shutil.rmtree(path, ignore_errors=True)


def _serves_others(endpoint: Endpoint) -> bool:
    pid_files = (file for folder in endpoint.belongings for file in folder.glob("*/postmaster.pid"))
    return any(serving_pid(file.parent) is not None for file in pid_files)
