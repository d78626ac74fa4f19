"""Tests of Lantern. All of them share one fast form of the classifier: making it takes a while."""

import os
from pathlib import Path

PREPARED = Path(__file__).resolve().parent.parent / "var" / "prepared"
os.environ.setdefault("PREPARED_DIR", str(PREPARED))
