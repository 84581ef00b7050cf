"""What law makes of a record is read a second time, naively, as completeness is."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "provenance"))
