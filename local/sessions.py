"""boto3 sessions that the caller's own AWS settings can neither break nor be reached by."""

import os

import boto3
import botocore.session

_NONE: dict[str, tuple[None, None, str | None, None]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def without_settings_of_the_caller() -> boto3.Session:
    """Open a session that reads neither a profile nor a configuration file."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=dict(_NONE)))
