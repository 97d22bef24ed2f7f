"""What a call to CloudFormation asks for: its template, its parameters, its capabilities."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException

from local.accounts import Account
from local.stacks import Template, TemplateError, shown

LONGEST_BODY = 51_200
_HOST = re.compile(r"(?P<bucket>[a-z0-9.-]+)\.s3[.-][a-z0-9.-]+")


class RefusedCallError(ServiceException):
    """What a caller gets for a call that cannot be; moto looks its own class up as a service `core`."""


def invalid(message: str) -> RefusedCallError:
    """Refuse a call as CloudFormation does for nearly everything."""
    return RefusedCallError("ValidationError", message)


def template_of(params: Mapping[str, Any], account: Account) -> Template:
    """Read the template that a call gives, or names in S3. Raises RefusedCallError."""
    if "TemplateURL" in params:
        text = _from_s3(params["TemplateURL"], account)
    elif "TemplateBody" in params:
        text = params["TemplateBody"]
        if len(text.encode()) > LONGEST_BODY:
            raise invalid(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LONGEST_BODY}"
            )
    else:
        raise invalid("Either Template URL or Template Body must be specified.")
    try:
        return Template.parse(text)
    except TemplateError as error:
        raise invalid(str(error)) from error


def parameters_of(params: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that a call gives, or leaves as they were."""
    given = {}
    for parameter in params.get("Parameters", []):
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            given[name] = parameter.get("ParameterValue", "")
        elif name in before:
            given[name] = before[name]
    return given


def acknowledged(template: Template, params: Mapping[str, Any]) -> None:
    """Refuse a call that does not say that it knows that roles will be made."""
    needed = shown.capabilities(template)
    given = set(params.get("Capabilities", []))
    if needed and not given & {*needed, "CAPABILITY_NAMED_IAM"}:
        raise RefusedCallError("InsufficientCapabilitiesException", f"Requires capabilities : {needed}")


def _from_s3(address: str, account: Account) -> str:
    url = urlsplit(address)
    host = _HOST.fullmatch(url.hostname or "")
    path = unquote(url.path).lstrip("/")
    bucket, key = (host["bucket"], path) if host else path.split("/", 1)
    try:
        found = account.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise invalid(f"S3 error: {error.response['Error']['Message']}") from error
    return str(found["Body"].read().decode())
