"""The master password of a temporary database: written by restore, read by the worker, deleted with it.

Restore never reads it: a repeated step writes another one.
"""

import json

from botocore.exceptions import ClientError

from shared import names
from shared.aws import client
from shared.database.families import engine_in_secrets, first_database
from shared.database.port import Database
from shared.database.tagging import write_tags
from shared.errors import code_of
from shared.records import Run


class Credentials:
    """Secrets Manager, in the format that RDS itself gives to such secrets."""

    def write(self, run: Run, database: Database, password: str) -> None:
        """Keep a password for the worker, with the address of the database beside it."""
        if database.endpoint is None:
            raise ValueError(f"{database.name} has no endpoint yet")
        content = json.dumps(
            {
                "engine": engine_in_secrets(database.engine),
                "host": database.endpoint.host,
                "port": database.endpoint.port,
                "username": database.master_username,
                "password": password,
                "dbname": first_database(database.engine, database.database_name),
            }
        )
        name = names.master_secret(run.run_id)
        try:
            client("secretsmanager").create_secret(Name=name, SecretString=content, Tags=write_tags(run.tags))
        except ClientError as error:
            if code_of(error) != "ResourceExistsException":
                raise
            client("secretsmanager").put_secret_value(SecretId=name, SecretString=content)

    def exist(self, run_id: str) -> bool:
        """Tell whether a run has a secret; its content is not read."""
        try:
            client("secretsmanager").describe_secret(SecretId=names.master_secret(run_id))
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise
        return True

    def delete(self, run_id: str) -> None:
        """Delete the secret at once."""
        client("secretsmanager").delete_secret(
            SecretId=names.master_secret(run_id), ForceDeleteWithoutRecovery=True
        )
