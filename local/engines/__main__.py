"""`python -m local.engines [mariadb|mysql]`: gets a server, or says what will not run without it and why."""

import sys

from local.engines.port import EngineError
from local.engines.server_programs import MARIADB, MYSQL, find_programs

if __name__ == "__main__":
    wanted = MYSQL if sys.argv[1:] == [MYSQL.name] else MARIADB
    try:
        find_programs(wanted)
    except EngineError as problem:
        print(f"Without {wanted.product}, what needs it will not run. {problem}")
        sys.exit(1)
