# Names come quoted from the dialect, and masks compiled by it.
# ruff: noqa: S608
"""Our own masks by UPDATE on MariaDB, in a process of its own: what the way costs, apart from the masks.

    python -m benchmarks.masking.updating URL

Prints one line of JSON: the seconds of the UPDATEs. Nobody should mask so: originals stay in undo, binary log
and pages.
"""

import json
import sys
import time
from collections.abc import Mapping
from unittest.mock import patch

from benchmarks.masking.ours import KEY, POLICY
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines import address_of, masking_of, open_database
from services.anonymize.worker.engines.mysql import planning
from services.anonymize.worker.engines.mysql.sql import qualified, quoted
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.policy import load_policy, resolve
from services.anonymize.worker.schema import Table

# every expression sees the old row, as in a copy
SESSION = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',SIMULTANEOUS_ASSIGNMENT')"


def main() -> int:
    """Update every masked table by the plan's own expressions."""
    database = open_database(address_of(sys.argv[1]), RunKey(KEY))
    updates: list[str] = []

    def noted(table: Table, name: str, masked: Mapping[str, str] | None) -> tuple[str, ...]:
        if masked:
            changed = ", ".join(f"{quoted(column)} = {value}" for column, value in masked.items())
            updates.append(f"UPDATE {qualified(name, table.name)} SET {changed}")
        return copied(table, name, masked)

    copied = planning.copy
    try:
        masking = masking_of(database)
        schema = masking.discover()
        policy = resolve(load_policy(POLICY.read_text(), POLICY.name), schema)
        with patch.object(planning, "copy", noted):
            plan = masking.plan(policy, schema)
        masking.prepare(policy, schema, plan)
        with database.begin() as connection:
            execute(connection, SESSION)
            began = time.monotonic()
            for update in updates:
                execute(connection, update)
            connection.commit()
            print(json.dumps({"seconds": round(time.monotonic() - began, 3), "updated": len(updates)}))
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
