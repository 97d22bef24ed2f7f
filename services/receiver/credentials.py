"""The master password of a target: made once, the same after every replacement, kept in Secrets Manager."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from shared import names
from shared.aws import client
from shared.database.families import engine_in_secrets, first_database
from shared.database.port import Database
from shared.database.tagging import write_tags
from shared.errors import code_of

PASSWORD_BYTES = 16


class TargetCredentials:
    """One secret per target, in the format that RDS itself gives to such secrets."""

    def password(self, target: str) -> str | None:
        """Read the password; None before the first replacement."""
        content = self._read(target)
        return str(content["password"]) if content else None

    def names(self, target: str, database: Database) -> bool:
        """Tell whether the secret holds the address under which the database answers."""
        content = self._read(target)
        endpoint = database.endpoint
        if content is None or endpoint is None:
            return False
        return bool(content["host"] == endpoint.host and content["port"] == endpoint.port)

    def keep(self, target: str, database: Database, tags: Mapping[str, str]) -> str:
        """Write the address of a database beside the target's password, and return the password."""
        known = self._read(target)
        password = str(known["password"]) if known else secrets.token_hex(PASSWORD_BYTES)
        content = json.dumps(
            {
                "engine": engine_in_secrets(database.engine),
                "host": database.endpoint.host if database.endpoint else "",
                "port": database.endpoint.port if database.endpoint else 0,
                "username": database.master_username,
                "password": password,
                "dbname": first_database(database.engine, database.database_name),
            }
        )
        name = names.master_secret(target)
        if known is None:
            client("secretsmanager").create_secret(Name=name, SecretString=content, Tags=write_tags(tags))
        else:
            client("secretsmanager").put_secret_value(SecretId=name, SecretString=content)
        return password

    def _read(self, target: str) -> dict[str, Any] | None:
        try:
            answer = client("secretsmanager").get_secret_value(SecretId=names.master_secret(target))
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        content: dict[str, Any] = json.loads(answer["SecretString"])
        return content
