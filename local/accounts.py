"""The two accounts of the embedded cloud: their numbers, credentials by assumed role, and boto3 clients."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from local import inprocess
from local.sessions import without_settings_of_the_caller

REGION = "eu-west-3"
PRODUCTION = "111111111111"
DEVELOPMENT = "222222222222"
OPERATOR = "operator"

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 2}, proxies={}, connect_timeout=5, read_timeout=60
)


@dataclass(frozen=True)
class Credentials:
    """What STS gives to whoever assumes a role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


ANYONE = Credentials("anyone", "anyone", "anyone")


class Account:
    """One account, as someone with its credentials sees it.

    With a session its clients talk to the endpoint; without one moto answers them within this process.
    """

    def __init__(
        self, name: str, number: str, session: boto3.Session | None = None, endpoint_url: str | None = None
    ) -> None:
        self.name = name
        self.number = number
        self.region = REGION
        self.endpoint_url = endpoint_url
        self._session = session
        self._credentials: dict[str, Credentials] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()  # botocore sessions make one client at a time

    def client(self, service: str, role: str = OPERATOR) -> Any:
        """Return the boto3 client of a service, acting in a role of this account; made once."""
        with self._lock:
            if (role, service) not in self._clients:
                self._clients[role, service] = self._make(service, role, self.credentials(role))
            return self._clients[role, service]

    def credentials(self, role: str) -> Credentials:
        """Assume a role of this account; the same role gives the same credentials."""
        with self._lock:
            if role not in self._credentials:
                # moto tells accounts apart by access keys that STS gave out (5.2.5, core/responses.py).
                answer = self._make("sts", "", ANYONE).assume_role(
                    RoleArn=self.role_arn(role), RoleSessionName="local"
                )["Credentials"]
                self._credentials[role] = Credentials(
                    answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
                )
            return self._credentials[role]

    def at(self, session: boto3.Session, endpoint_url: str) -> "Account":
        """Return the same account, known by the same credentials, as seen through an endpoint."""
        seen = Account(self.name, self.number, session, endpoint_url)
        seen._credentials = self._credentials
        return seen

    def role_of(self, access_key_id: str) -> str | None:
        """Tell which role an access key was given to; None for a key that is not of this account."""
        for role, credentials in self._credentials.items():
            if credentials.access_key_id == access_key_id:
                return role
        return None

    def role_arn(self, role: str) -> str:
        """Name a role of this account."""
        return f"arn:aws:iam::{self.number}:role/{role}"

    def environment(self, role: str) -> dict[str, str]:
        """Return the AWS_* variables of a process that runs in a role of this account."""
        credentials = self.credentials(role)
        variables = {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
        }
        return variables | ({"AWS_ENDPOINT_URL": self.endpoint_url} if self.endpoint_url else {})

    def _make(self, service: str, role: str, credentials: Credentials) -> Any:
        if self._session is None:
            inprocess.identify(self.number, role, credentials.access_key_id)
            return inprocess.client(service, self.region, self.number, role)
        return self._session.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=_CONFIG,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
        )


def accounts() -> dict[str, Account]:
    """Open both accounts within this process."""
    return {
        "production": Account("production", PRODUCTION),
        "development": Account("development", DEVELOPMENT),
    }


def through(endpoint_url: str, opened: Mapping[str, Account]) -> dict[str, Account]:
    """See the same accounts through an endpoint."""
    session = without_settings_of_the_caller()
    return {name: account.at(session, endpoint_url) for name, account in opened.items()}
