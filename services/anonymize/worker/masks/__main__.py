"""`python -m services.anonymize.worker.masks docs/policies.md` writes the page's table of masks anew."""

import re
import sys
from pathlib import Path

from services.anonymize.worker.masks.describing import page_table

page = Path(sys.argv[1])
text, found = re.subn(
    r"\| mask \| takes \|.*?\n(?!\|)", lambda _: page_table() + "\n", page.read_text(), flags=re.S
)
if found != 1:
    sys.exit(f"{page} holds {found} tables that start with `| mask | takes |`; it needs exactly one")
page.write_text(text)
