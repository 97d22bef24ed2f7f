"""A refused call as the answer that a web server sends; it stands alone, so that anyone may catch it."""

from collections.abc import Mapping

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response


class RefusedError(HTTPException):
    """A call that is refused, in the service's own words."""

    code = 403

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__(body, Response(body, status, dict(headers)))
        self.status, self.headers, self.body = status, dict(headers), body
