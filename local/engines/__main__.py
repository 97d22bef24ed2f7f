"""`python -m local.engines`: gets MariaDB's server, or says what will not run without it and why."""

import sys

from local.engines.server_programs import find_programs
from local.engines.port import EngineError

if __name__ == "__main__":
    try:
        find_programs()
    except EngineError as problem:
        print(f"Without MariaDB, what needs it will not run. {problem}")
        sys.exit(1)
