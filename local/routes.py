"""How an answer of ours takes the place of moto's: a backend's paths with one response class exchanged."""

import functools
from types import ModuleType, SimpleNamespace
from typing import Any


@functools.cache
def routes_to(urls: ModuleType, theirs: type, ours: type) -> Any:
    """Return a service's URL module whose paths lead to our response class instead of moto's.

    moto 5.2.5 finds the paths of a service through its backend (`BaseBackend._url_module`), in the server and
    in process alike, so nothing of moto is patched.
    """

    def replaced(handler: Any) -> Any:
        if getattr(handler, "__self__", None) is theirs:
            return getattr(ours, handler.__name__)
        return handler

    return SimpleNamespace(
        url_bases=urls.url_bases,
        url_paths={path: replaced(handler) for path, handler in urls.url_paths.items()},
    )
