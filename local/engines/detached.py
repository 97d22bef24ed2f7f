"""Putting away an engine that was left running on purpose (KEEP=1, `snapveil local down`)."""

import shutil

from local.engines.port import Endpoint
from local.engines.processes import serving


def remove_detached(endpoint: Endpoint) -> None:
    """Stop an engine that detach() left running and remove its files; both may be gone already.

    What it shares with others that were left running beside it goes with the last of them.
    """
    if endpoint.data_directory is None:
        return
    server = serving(endpoint.data_directory)
    if server is not None:
        server.end(gently=False)
    shutil.rmtree(endpoint.data_directory, ignore_errors=True)
    if not _serves_others(endpoint):
        for path in endpoint.belongings:
            shutil.rmtree(path, ignore_errors=True)


def _serves_others(endpoint: Endpoint) -> bool:
    return any(serving(path) is not None for folder in endpoint.belongings for path in folder.glob("*"))
