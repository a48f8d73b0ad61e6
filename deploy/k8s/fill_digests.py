"""Fill in the digests of a release: `python deploy/k8s/fill_digests.py FILE OVERLAY…`.

FILE has a line `NAME sha256:…` for each image, as `skopeo inspect` or the registry tells it. An
overlay keeps what FILE does not name; `check.py --release` refuses what then has no digest.
"""

import re
import sys
from pathlib import Path

LINE = re.compile(r"([a-z-]+)\s+(sha256:[0-9a-f]{64})")


def filled(text: str, digests: dict[str, str]) -> str:
    """Return a kustomization.yaml with the digest of each image that `digests` names."""

    def with_digest(image: re.Match[str]) -> str:
        digest = digests.get(image["name"])
        return re.sub(r"sha256:[0-9a-f]{64}", digest, image[0]) if digest else image[0]

    return re.sub(r"  - \{name: (?P<name>[a-z-]+), newName: [^}]*\}", with_digest, text)


def main() -> None:
    """Rewrite each overlay's kustomization.yaml; end with code 1 at a line that is none."""
    lines = [line for line in Path(sys.argv[1]).read_text().splitlines() if line.strip()]
    found = [LINE.fullmatch(line.strip()) for line in lines]
    if not all(found):
        sys.exit(f"{sys.argv[1]}: each line is `NAME sha256:…`, of 64 hexadecimal digits")
    digests = {match[1]: match[2] for match in found if match}
    for folder in sys.argv[2:]:
        path = Path(folder) / "kustomization.yaml"
        path.write_text(filled(path.read_text(), digests))


if __name__ == "__main__":
    main()
