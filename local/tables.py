"""DynamoDB whose conditional writes are atomic: moto 5.2.5 checks and writes without a lock, so two threads
can both win.

The run ledger's compare-and-set is what keeps one chain per run and stage: the emulation must not break it.
"""

import threading
from types import ModuleType
from typing import Any, ClassVar

import moto.dynamodb.urls
from moto.dynamodb.models import DynamoDBBackend


class LiveTables(DynamoDBBackend):
    """The tables of one account and region."""

    lock: ClassVar[threading.RLock] = threading.RLock()

    @property
    def _url_module(self) -> ModuleType:
        return moto.dynamodb.urls

    def put_item(self, *args: Any, **kwargs: Any) -> Any:
        """Put an item, condition and write in one."""
        with self.lock:
            return super().put_item(*args, **kwargs)

    def update_item(self, *args: Any, **kwargs: Any) -> Any:
        """Update an item, condition and write in one."""
        with self.lock:
            return super().update_item(*args, **kwargs)

    def delete_item(self, *args: Any, **kwargs: Any) -> Any:
        """Delete an item, condition and write in one."""
        with self.lock:
            return super().delete_item(*args, **kwargs)

    def transact_write_items(self, *args: Any, **kwargs: Any) -> Any:
        """Write several items or none."""
        with self.lock:
            return super().transact_write_items(*args, **kwargs)

    def query(self, *args: Any, **kwargs: Any) -> Any:
        """Query while nobody writes."""
        with self.lock:
            return super().query(*args, **kwargs)

    def scan(self, *args: Any, **kwargs: Any) -> Any:
        """Scan while nobody writes."""
        with self.lock:
            return super().scan(*args, **kwargs)
