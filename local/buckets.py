"""S3 without moto's own reading of bucket policies: 5.2.5 ignores conditions, so "no call without TLS" would
refuse every call. `local.authorization` reads them rightly.
"""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket


@contextlib.contextmanager
def policies_read_elsewhere() -> Iterator[None]:
    """Let moto neither allow nor deny anything for a bucket's policy."""
    with patch.object(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL):
        yield
