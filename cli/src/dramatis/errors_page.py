"""The page of every error: its cause, and what to do about it.

`python -m dramatis.errors_page` makes `docs/errors.md` and the page that each service has at
`/docs/errors` anew (`make schemas`); it needs `dramatis[local]`.
"""

import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path

from ingest_svc.domain.failure import EXPLANATIONS
from service_kit.errors import ServiceError
from service_kit.errors_page import FILE

from dramatis.services import SERVICES

MARKDOWN = Path(__file__).parents[3] / "docs" / "errors.md"
SHARED = ("service_kit", "persona_model")
MADE = (
    "Made by `make schemas`: the causes stand in the code, what to do in"
    " `cli/src/dramatis/errors.toml`."
)
INTRODUCTION = (
    "A problem (RFC 9457) is of type `urn:dramatis:problem:<error>`, and its `help` is the address"
    " of its line on this page, which every service has at `/docs/errors`. A draft that failed"
    " names the same errors in `error.type`, an event in `error.type` too."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An error, and what to do about it."""

    slug: str
    status: str
    cause: str
    fix: str
    told_by: str


def pages() -> dict[Path, str]:
    """Return the files and what they have to hold."""
    problems, knowledge = list(_problems()), list(_knowledge())
    return {MARKDOWN: _markdown(problems, knowledge), FILE: _html(problems, knowledge)}


def _problems() -> Iterator[Explained]:
    told = tomllib.loads(Path(__file__).with_name("errors.toml").read_text())
    found = dict[str, list[type[ServiceError]]]()
    for kind in _kinds(ServiceError):
        found.setdefault(kind.slug, []).append(kind)
    fixes, drafts = told["problems"], told["drafts"]
    for slug in sorted({*found, *drafts}):
        kinds = found.get(slug, [])
        yield Explained(
            slug=slug,
            status=str(kinds[0].status) if kinds else "",
            cause=drafts.get(slug) or kinds[0].title(),
            fix=fixes[slug],
            told_by=", ".join(sorted(set(map(_told_by, kinds)))) or "draft-svc",
        )


def _kinds(base: type[ServiceError]) -> list[type[ServiceError]]:
    """Return the errors of all services; those of the kit come first."""
    for package in (*SHARED, *(spec.package for spec in SERVICES)):
        root = import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    every = [base]
    for kind in every:
        every += kind.__subclasses__()
    ours = {kind for kind in every if _package(kind) in {*SHARED, *(s.package for s in SERVICES)}}
    return sorted(
        ours,
        key=lambda kind: (
            _package(kind) not in SHARED,
            len(kind.__mro__),
            kind.__module__,
            kind.__name__,
        ),
    )


def _package(kind: type[ServiceError]) -> str:
    return kind.__module__.partition(".")[0]


def _told_by(kind: type[ServiceError]) -> str:
    match _package(kind):
        case "service_kit":
            return "all"
        case "persona_model":
            return "chat-svc, draft-svc"
        case package:
            return package.replace("_", "-")


def _knowledge() -> Iterator[Explained]:
    for code, told in EXPLANATIONS.items():
        yield Explained(
            slug=code.value, status="", cause=told.title, fix=told.hint, told_by="ingest-svc"
        )


def _markdown(problems: list[Explained], knowledge: list[Explained]) -> str:
    rows = [
        f'| <a id="{each.slug}"></a>`{each.slug}` | {each.status} | {each.cause} | {each.fix}'
        f" | {each.told_by} |"
        for each in problems
    ]
    codes = [
        f'| <a id="file-{each.slug}"></a>`{each.slug}` | {each.cause} | {each.fix} |'
        for each in knowledge
    ]
    return "\n".join(
        [
            "# Errors",
            "",
            MADE,
            "",
            INTRODUCTION,
            "",
            "## Problems, and errors of drafts",
            "",
            "| error | status | cause | what to do | told by |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Knowledge errors",
            "",
            "The `error.code` of a file, and of `knowledge.failed`.",
            "",
            "| code | cause | what to do |",
            "|---|---|---|",
            *codes,
            "",
        ]
    )


def _html(problems: list[Explained], knowledge: list[Explained]) -> str:
    rows = [_row(each.slug, each, each.status, each.told_by) for each in problems]
    codes = [_row(f"file-{each.slug}", each) for each in knowledge]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Errors of Dramatis</title></head>',
            "<body><h1>Errors</h1>",
            f"<p>{_text(INTRODUCTION)}</p>",
            "<h2>Problems, and errors of drafts</h2><table>",
            "<tr><th>error<th>cause<th>what to do<th>status<th>told by</tr>",
            *rows,
            "</table><h2>Knowledge errors</h2><table>",
            "<tr><th>code<th>cause<th>what to do</tr>",
            *codes,
            "</table></body></html>",
            "",
        ]
    )


def _row(anchor: str, each: Explained, *more: str) -> str:
    cells = "".join(f"<td>{_text(cell)}" for cell in (each.cause, each.fix, *more))
    return f'<tr id="{anchor}"><th><code>{each.slug}</code>{cells}</tr>'


def _text(markdown: str) -> str:
    """Return text whose code is marked by backticks as HTML."""
    parts = escape(markdown).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
