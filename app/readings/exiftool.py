"""ExifTool: where it is, whether it is fit, and what it is asked."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import exiftool  # type: ignore[import-untyped]

TOOL = "ExifTool"
OLDEST = 13
# Without these ExifTool still answers, but picks wrong captions and never says so.
PERL_MODULES = ("Digest::MD5", "Encode", "Compress::Zlib")
VENDORED = Path(__file__).parents[1] / "vendored" / "exiftool" / "exiftool"
OWN_PERL = Path(__file__).parent / "perl"

# What a reading asks. Groups and tags are named, so that neither ImageDataHash (it hashes pixels)
# nor the file's name, folder and times come along: equal bytes give equal answers.
ARGUMENTS = (
    "-json",
    "-G0:1",  # EXIF:ExifIFD:DateTimeOriginal
    "-a",  # every source of a value, not only the first
    "-n",  # numbers as stored, not in words
    "-b",  # bytes that are no UTF-8 come as base64 instead of being replaced
    "-l",  # each value with its "hex", the exact bytes of an EXIF string
    *("-api", "SaveBin=1", "-api", "SaveFormat=1", "-api", "LimitLongValues=200000"),
    *("-api", "MakerNotes=2"),  # as one block of bytes, as they lie in the file
    *("-api", "StructFormat=JSONQ"),  # every value quoted: the caption "007" stays text
    *("-api", "LargeFileSupport=1", "-api", "RequestAll=0"),
    *("-charset", "iptc=UTF8"),  # IPTC text undecoded: the tool's guess, Latin 1, loses the bytes
    # Each group asked for in full costs a millisecond a file, a tag by name next to nothing.
    *("-EXIF:all", "-IPTC:all", "-XMP:all", "-PNG:all"),
    *("-FileType", "-MIMEType", "-Error", "-Warning", "-CurrentIPTCDigest", "-IPTCDigest"),
    *("-ImageWidth", "-ImageHeight", "-Orientation", "-FrameCount", "-PageCount"),
    *("-AnimationFrames", "-NumberOfImages", "-BitDepth", "-BitsPerSample", "-BitDepthLuma"),
    *("-ProfileDescription", "-Make", "-Model", "-SerialNumber", "-DateTimeOriginal", "-Comment"),
    *("-ColorComponents", "-NumChannels", "-ColorMode", "-NumberOfComponents", "-Compression"),
    *("-BitsPerComponent", "-ImagePixelDepth", "-BitsPerPixel", "-WebP_Flags", "-AlphaIsUsed"),
    *("-VP8Version", "-ColorSpaceData", "-JFIFVersion", "-GIFVersion", "-BMPVersion"),
    *(
        "-RawImageCroppedSize",
        "-CleanAperture",
        "-BurstUUID",
        "-BurstID",
        "-SequenceNumber",
        "-ImageUniqueID",
    ),
    *("-SequenceImageNumber", "-ImageNumber", "-ContentIdentifier", "-MediaGroupUUID"),
    *("--PreviewImage", "--ThumbnailImage", "--ThumbnailTIFF", "--PreviewTIFF"),
    *("--JpgFromRaw", "--OtherImage", "--XMP-xmpGImg:Image"),
)


class UnfitTool(Exception):
    """ExifTool is absent, too old, or its Perl lacks a module: nothing is read at all."""


def find_tool(configured: Path | None) -> Path:
    """Return the ExifTool script: as configured, else vendored with us, else on the PATH.

    Raises:
        UnfitTool: none of these, or the configured one does not exist.
    """
    found = configured or (VENDORED if VENDORED.is_file() else shutil.which("exiftool"))
    if found is None or not Path(found).is_file():
        raise UnfitTool(f"ExifTool was not found{f' at {found}' if found else ''}.")
    return Path(found).resolve()


def environment(home: Path) -> dict[str, str]:
    """Return all that a reading process knows of its surroundings: the same on every machine."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PERL5LIB": str(OWN_PERL),
        "PERL5OPT": "-MUntouched -MBounded",
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def prove_fit(script: Path, surroundings: Mapping[str, str]) -> str:
    """Return ExifTool's version, having loaded the Perl modules it would silently do without.

    Raises:
        UnfitTool: with the sentence for the operator.
    """
    modules = [f"-M{module}" for module in PERL_MODULES]
    command = ["perl", *modules, os.fspath(script), "-config", "", "-ver"]
    try:
        answer = subprocess.run(  # noqa: S603 - our own script and constants
            command, env=dict(surroundings), capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnfitTool(f"Perl cannot be run: {error}.") from error
    complaint = answer.stderr.decode("utf-8", "replace")
    for module in PERL_MODULES:
        if f"{module.replace('::', '/')}.pm" in complaint:
            raise UnfitTool(f"Perl lacks {module}: install the full perl package.")
    version = answer.stdout.decode("ascii", "replace").strip()
    if not version.split(".")[0].isdigit():
        raise UnfitTool(f"{script} is not ExifTool: {complaint[:200].strip()}")
    if int(version.split(".")[0]) < OLDEST:
        raise UnfitTool(f"ExifTool {version} is too old: {OLDEST} or later is needed.")
    return version


class ExifTool:
    """One running ExifTool, asked about one file at a time."""

    def __init__(self, script: Path) -> None:
        self._client = exiftool.ExifTool(
            str(script), common_args=list(ARGUMENTS), config_file="", encoding="utf-8"
        )

    def start(self) -> str:
        """Start the process and return its version."""
        self._client.run()
        return str(self._client.version)

    def read(self, name: str) -> bytes:
        """Return the JSON about a file; the name is ours, for PyExifTool sends it line by line."""
        return bytes(self._client.execute(name, raw_bytes=True))

    def last_words(self) -> bytes:
        """Return what a process that died had still to say."""
        process = self._client._process  # noqa: SLF001 - PyExifTool has no other way
        os.set_blocking(process.stderr.fileno(), False)
        return process.stderr.read() or b""

    def ended(self) -> bool:
        """Tell whether the process is dead, without taking its end from who waits for it."""
        process = self._client._process  # noqa: SLF001 - asking PyExifTool would tidy it away
        if process is None or process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, process.pid, flags) is not None

    def stop(self) -> None:
        """End the process at once; it holds nothing to save."""
        if not self._client.running:
            return
        with self._client._process as process:  # noqa: SLF001 - terminate() waits up to 30 s
            process.kill()
        self._client._flag_running_false()  # noqa: SLF001
