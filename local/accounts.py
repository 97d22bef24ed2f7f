"""The two accounts of the embedded cloud: their numbers, credentials by assumed role, and boto3 clients."""

import os
import threading
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

from local import inprocess

REGION = "eu-west-3"
PRODUCTION = "111111111111"
DEVELOPMENT = "222222222222"
OPERATOR = "operator"

# The caller's AWS settings must neither break the embedded cloud nor be reached by it.
_NO_SETTINGS_OF_THE_CALLER = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 2}, proxies={}, connect_timeout=5, read_timeout=60
)
_IN_PROCESS = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
_ANYONE = {"aws_access_key_id": "anyone", "aws_secret_access_key": "anyone"}


@dataclass(frozen=True)
class Credentials:
    """What STS gives to whoever assumes a role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class Account:
    """One account, as someone with its credentials sees it."""

    def __init__(self, name: str, number: str, session: boto3.Session, endpoint_url: str | None) -> None:
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
                credentials = self.credentials(role)
                self._clients[role, service] = self._make(
                    service,
                    aws_access_key_id=credentials.access_key_id,
                    aws_secret_access_key=credentials.secret_access_key,
                    aws_session_token=credentials.session_token,
                )
            return self._clients[role, service]

    def credentials(self, role: str) -> Credentials:
        """Assume a role of this account; the same role gives the same credentials."""
        with self._lock:
            if role not in self._credentials:
                # moto tells accounts apart by access keys that STS gave out (moto 5.2.5, core/responses.py).
                answer = self._make("sts", **_ANYONE).assume_role(
                    RoleArn=self.role_arn(role), RoleSessionName="local"
                )["Credentials"]
                self._credentials[role] = Credentials(
                    answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
                )
            return self._credentials[role]

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

    def _make(self, service: str, **credentials: str) -> Any:
        if ("", service) in self._clients:
            return self._clients["", service]
        made = self._session.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=_CONFIG if self.endpoint_url else _IN_PROCESS,
            **credentials,
        )
        if not self.endpoint_url:
            inprocess.answer_for(made, credentials["aws_access_key_id"], self.region)
        if service == "sts":
            self._clients["", service] = made
        return made


def accounts(endpoint_url: str | None) -> dict[str, Account]:
    """Open both accounts. Without an endpoint every request is answered by moto within this process."""
    session = boto3.Session(
        botocore_session=botocore.session.Session(session_vars=dict(_NO_SETTINGS_OF_THE_CALLER))
    )
    return {
        "production": Account("production", PRODUCTION, session, endpoint_url),
        "development": Account("development", DEVELOPMENT, session, endpoint_url),
    }
