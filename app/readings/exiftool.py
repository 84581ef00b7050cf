"""ExifTool: where it is, whether it is fit, and what it is asked."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import exiftool  # type: ignore[import-untyped]

from app.readings.calls import for_the_tool
from app.readings.noise import Marked

TOOL = "ExifTool"
OLDEST = 13
# Without these ExifTool still answers, but picks wrong captions and never says so.
PERL_MODULES = ("Digest::MD5", "Encode", "Compress::Zlib")
VENDORED = Path(__file__).parents[1] / "vendored" / "exiftool" / "exiftool"
OWN_PERL = Path(__file__).parent / "perl"
OWN_MODULES = ("Untouched", "OneByOne", "Remembered", "Bounded", "Wide", "Alone")

# What a reading asks. Groups and tags are named, so that neither ImageDataHash (it hashes pixels)
# nor the file's name, folder and times come along: equal bytes give equal answers.
ARGUMENTS = (
    "-json",
    # EXIF:ExifIFD:DateTimeOriginal, and Copy1 and so on for those of a name that was there before:
    # without it JSON holds one of the tags that have place and name in common.
    "-G0:1:4",
    "-a",  # every source of a value, not only the first
    "-n",  # numbers as stored, not in words
    "-b",  # bytes that are no UTF-8 come as base64 instead of being replaced
    "-l",  # each value with its "hex", the exact bytes of an EXIF string
    *("-api", "SaveBin=1", "-api", "SaveFormat=1", "-api", "LimitLongValues=200000"),
    *("-api", "MakerNotes=2"),  # as one block of bytes, as they lie in the file
    *("-api", "StructFormat=JSONQ"),  # every value quoted: the caption "007" stays text
    *("-api", "Struct=2"),  # structures as such and flat: which steps of a history have a date?
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
    *("-RawImageCroppedSize", "-CleanAperture", "-BurstUUID", "-BurstID", "-SequenceNumber"),
    *("-ImageUniqueID", "-SequenceImageNumber", "-ImageNumber", "-ContentIdentifier"),
    *("-MediaGroupUUID",),
    *("--PreviewImage", "--ThumbnailImage", "--ThumbnailTIFF", "--PreviewTIFF"),
    *("--JpgFromRaw", "--OtherImage", "--XMP-xmpGImg:Image"),
)


READ = b"\n{read}\n"  # ends the answer about one file: perl/OneByOne.pm


class ToolDied(Exception):
    """ExifTool ended under us: killed by a limit, out of memory, or crashed."""


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
        "PERL5OPT": " ".join(f"-M{module}" for module in OWN_MODULES),
        "ALONE": for_the_tool(),
        "LC_ALL": "C",
        "TZ": "UTC",
        # Else what Perl does in the order of a hash, such as complaining, differs between runs. A
        # file made for its collisions costs itself: the bounds are the same.
        "PERL_HASH_SEED": "0",
        "PERL_PERTURB_KEYS": "0",
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
    if "no GetImageInfo" in complaint:  # perl/OneByOne.pm
        raise UnfitTool(f"ExifTool {version} is built otherwise: use the one that comes with us.")
    return version


class ExifTool:
    """One running ExifTool; told of many files a command, it answers for each as it is read."""

    def __init__(self, script: Path) -> None:
        self._client = exiftool.ExifTool(
            str(script), common_args=[], config_file="", encoding="utf-8"
        )
        self._heard = bytearray()
        self._searched = 0
        self._words = b""
        self._noise = Marked(Path.home().name)

    def start(self) -> str:
        """Start the process and return its version."""
        self._client.run()
        return str(self._client.version)

    @property
    def answering(self) -> int:
        """The descriptor to wait at for answers."""
        return int(self._client._process.stdout.fileno())  # noqa: SLF001 - PyExifTool has no other

    @property
    def complaining(self) -> int:
        """The descriptor to wait at for what it says besides."""
        return int(self._client._process.stderr.fileno())  # noqa: SLF001

    def ask(self, held: Sequence[str]) -> None:
        """Ask about files, named by links to what is held open; it may still be at those before.

        The names are ours, for they are sent line by line.
        """
        command = "\n".join([*ARGUMENTS, *held, "-execute\n"])
        with suppress(BrokenPipeError):  # that it ended is heard behind its last answer
            _send(self._client._process.stdin.fileno(), command.encode())  # noqa: SLF001

    def answers(self) -> list[bytes]:
        """Return the JSON about each file whose answer is complete, as if asked for it alone.

        Raises:
            ToolDied: it ended, and all that it had said was returned before.
        """
        some = os.read(self.answering, 1 << 20)
        if not some:
            raise ToolDied
        self._heard += some
        found: list[bytes] = []
        while (end := self._heard.find(READ, self._searched)) >= 0:
            found.append(_alone(bytes(self._heard[:end])))
            del self._heard[: end + len(READ)]
            self._searched = 0
        self._searched = max(0, len(self._heard) - len(READ))
        return found

    def last_words(self) -> bytes:
        """Return the end of what a process said besides; unheard it would stand still one day."""
        os.set_blocking(self.complaining, False)
        with suppress(BlockingIOError):
            while some := os.read(self.complaining, 1 << 16):
                self._noise.feed(some)
                self._words = (self._words + some)[-4096:]
        return self._words

    def noise(self) -> bytes:
        """Return what it said besides of the next file that it answered for; it was said before."""
        self.last_words()
        return self._noise.of_next()

    def dying_noise(self) -> bytes:
        """Return what it said besides of the file that it died over."""
        self.last_words()
        return self._noise.of_last()

    def stop(self) -> None:
        """End the process at once; it holds nothing to save."""
        if not self._client.running:
            return
        with self._client._process as process:  # noqa: SLF001 - terminate() waits up to 30 s
            process.kill()
        self._client._flag_running_false()  # noqa: SLF001


def _send(pipe: int, command: bytes) -> None:
    while command:
        command = command[os.write(pipe, command) :]


def _alone(part: bytes) -> bytes:
    """Cut one file's answer out of the list of all in its command."""
    entry = part.removeprefix(b"]\n").removeprefix(b"{ready}\n")
    if not entry:
        return b""
    return b"[" + entry.removeprefix(b"[" if entry[:1] == b"[" else b",\n") + b"]\n"
