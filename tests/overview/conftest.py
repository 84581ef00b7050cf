"""Simulations are tried in the quarter of the disposals' tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "disposals"))
