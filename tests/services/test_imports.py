"""What a handler loads: no driver, no SQLAlchemy, and not even the AWS SDK before the first call."""

import json
import subprocess
import sys

import pytest

HEAVY = ["sqlalchemy", "psycopg", "pymysql", "boto3", "aws_xray_sdk", "moto", "faker"]


@pytest.mark.parametrize("service", ["restore", "anonymize", "snapshot", "receiver"])
def test_importing_a_handler_loads_nothing_heavy(service: str) -> None:
    code = f"import json, sys, services.{service}.handler; print(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(finished.stdout))
    assert not loaded.intersection(HEAVY)
