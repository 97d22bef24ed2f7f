"""`python -m services.anonymize.worker`: masks and verifies one database, then ends."""

import sys

from services.anonymize.worker.run import main

sys.exit(main())
