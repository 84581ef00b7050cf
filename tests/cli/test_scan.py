"""`catalogue scan` and `catalogue import`: by the public API only, and safe to repeat."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Catalogue
from typer.testing import CliRunner

from app.cli import app, scanning, sending
from app.cli.remote import Remote
from app.storage.files import walk_files
