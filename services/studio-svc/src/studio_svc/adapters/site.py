"""The console's built files, in memory."""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "web"
INDEX: Final = "/index.html"
ASSETS: Final = "/assets/"
TEXTS: Final = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A file as it is sent."""

    media_type: str
    etag: str
    cache_control: str
    plain: bytes
    packed: bytes | None
    """With gzip, where that helps."""


class Site:
    """The files of the console, by their paths."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read them all; there are none before the console is built."""
        self._files: Mapping[str, SiteFile] = {
            f"/{path.relative_to(folder).as_posix()}": _file(path)
            for path in (folder.rglob("*") if folder.is_dir() else ())
            if path.is_file() and path.suffix != ".py"
        }

    def find(self, path: str) -> SiteFile | None:
        """Return the file at `path`; of the path of a page the page that shows them all."""
        is_page = "." not in path.rpartition("/")[2] and not path.startswith(ASSETS)
        return self._files.get(INDEX if is_page else path)


def _file(path: Path) -> SiteFile:
    content = path.read_bytes()
    guessed, _ = mimetypes.guess_type(path.name)
    media_type = TYPES.get(path.suffix) or guessed or "application/octet-stream"
    is_text = media_type.startswith(TEXTS)
    is_asset = path.parent.name == ASSETS.strip("/")
    return SiteFile(
        media_type=f"{media_type}; charset=utf-8" if is_text else media_type,
        etag=f'"{sha256(content).hexdigest()[:32]}"',
        cache_control=FOR_EVER if is_asset else "no-cache",
        plain=content,
        packed=gzip.compress(content, mtime=0) if is_text else None,
    )
