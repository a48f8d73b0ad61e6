"""DOCX and PPTX without what their program does not show.

Hidden text, text that a tracked change deleted or moved away, hidden table rows, hidden slides with
their notes, hidden shapes. A file that hides nothing stays as it is.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ingest_svc.adapters.extraction.open_xml import (
    YES,
    DamagedError,
    Element,
    local_name,
    read_root,
    refuse_bomb,
    remove,
    write_root,
)
from ingest_svc.domain.failure import FailureCode, FileFailedError

_TEXTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml")
_STYLES = "word/styles.xml"
_SLIDES = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)\d+\.xml")
_HIDES_TEXT = re.compile(rb"<(?:\w+:)?(?:vanish|specVanish|moveFrom|del|hidden)[\s/>]")
_HIDES_ON_SLIDE = re.compile(rb"\b(?:show=[\"'](?:0|false)|hidden=[\"'](?:1|true))")


def visible_copy(path: Path, kind: str) -> bytes:
    """Return a DOCX or PPTX file with its visible parts alone.

    Raises:
        FileFailedError: corrupted, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_bomb(archive)
            changed = _visible_texts(archive) if kind == "docx" else _visible_slides(archive)
            return _with_parts(archive, changed) if changed else path.read_bytes()
    except DamagedError as error:
        raise FileFailedError(FailureCode.CORRUPTED) from error


def _with_parts(archive: zipfile.ZipFile, changed: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in dict.fromkeys(archive.namelist()):
            copy.writestr(name, changed[name] if name in changed else archive.read(name))
    return out.getvalue()


def _visible_texts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    names = archive.namelist()
    styles = archive.read(_STYLES) if _STYLES in names else b""
    hiding = _hiding_styles(read_root(styles)) if _HIDES_TEXT.search(styles) else frozenset[str]()
    changed: dict[str, bytes] = {}
    for name in filter(_TEXTS.fullmatch, names):
        data = archive.read(name)
        if hiding or _HIDES_TEXT.search(data):
            root = read_root(data)
            _remove_hidden_texts(root, hiding)
            changed[name] = write_root(root)
    return changed


def _hiding_styles(styles: Element) -> frozenset[str]:
    """Return the ids of the styles whose text is hidden, also those that are based on them."""
    told: dict[str, bool | None] = {}
    based: dict[str, str] = {}
    for style in styles.iterfind("{*}style"):
        style_id = _value(style, "styleId")
        told[style_id] = _hides(style.find("{*}rPr"))
        parent = style.find("{*}basedOn")
        based[style_id] = "" if parent is None else _value(parent, "val")
    return frozenset(style_id for style_id in told if _hides_by_style(style_id, told, based))


def _hides_by_style(
    style_id: str, told: Mapping[str, bool | None], based: Mapping[str, str]
) -> bool:
    seen: set[str] = set()
    while style_id in told and style_id not in seen:
        if (hides := told[style_id]) is not None:
            return hides
        seen.add(style_id)
        style_id = based[style_id]
    return False


def _remove_hidden_texts(root: Element, hiding: frozenset[str]) -> None:
    for element in list(root.iter("{*}moveFrom", "{*}del", "{*}r", "{*}tr")):
        match local_name(element):
            case "r":
                is_hidden = _is_hidden_run(element, hiding)
            case "tr":
                is_hidden = _is_so(element.find("{*}trPr/{*}hidden")) is True
                is_hidden = is_hidden or element.find("{*}trPr/{*}del") is not None
            case _:
                is_hidden = True
        if is_hidden:
            remove(element)


def _is_hidden_run(run: Element, hiding: frozenset[str]) -> bool:
    hides = _hides(run.find("{*}rPr"))
    if hides is not None:
        return hides
    style = run.find("{*}rPr/{*}rStyle")
    if style is not None and _value(style, "val") in hiding:
        return True
    paragraph = run.getparent()
    while paragraph is not None and local_name(paragraph) != "p":
        paragraph = paragraph.getparent()
    style = None if paragraph is None else paragraph.find("{*}pPr/{*}pStyle")
    return style is not None and _value(style, "val") in hiding


def _hides(properties: Element | None) -> bool | None:
    """Return whether run properties hide their text; None: they do not say."""
    return None if properties is None else _is_so(properties.find("{*}vanish"))


def _is_so(switch: Element | None) -> bool | None:
    return None if switch is None else (_value(switch, "val") or "1") in YES


def _value(element: Element, name: str) -> str:
    """Return an attribute in the element's own namespace."""
    return element.get(element.tag.rpartition("}")[0] + "}" + name) or ""


def _visible_slides(archive: zipfile.ZipFile) -> dict[str, bytes]:
    changed: dict[str, bytes] = {}
    for name in filter(_SLIDES.fullmatch, archive.namelist()):
        data = archive.read(name)
        if not _HIDES_ON_SLIDE.search(data):
            continue
        slide = read_root(data)
        if (slide.get("show") or "1") not in YES:
            changed.update(_emptied(archive, name))
        elif name not in changed:
            _remove_hidden_shapes(slide)
            changed[name] = write_root(slide)
    return changed


def _emptied(archive: zipfile.ZipFile, slide: str) -> dict[str, bytes]:
    """Return a hidden slide and its notes without shapes; the others keep their numbers."""
    place = PurePosixPath(slide)
    relations = str(place.parent / "_rels" / f"{place.name}.rels")
    targets = [slide]
    if relations in archive.namelist():
        for relation in read_root(archive.read(relations)):
            if (relation.get("Type") or "").endswith("/notesSlide"):
                notes = PurePosixPath(relation.get("Target") or "").name
                targets.append(f"ppt/notesSlides/{notes}")
    emptied: dict[str, bytes] = {}
    for target in targets:
        root = read_root(archive.read(target))
        for shape in list(root.iterfind("{*}cSld/{*}spTree/*")):
            if local_name(shape) not in {"nvGrpSpPr", "grpSpPr"}:
                remove(shape)
        emptied[target] = write_root(root)
    return emptied


def _remove_hidden_shapes(slide: Element) -> None:
    for properties in list(slide.iter("{*}cNvPr")):
        frame = properties.getparent()
        shape = None if frame is None else frame.getparent()
        if properties.get("hidden") in YES and shape is not None:
            remove(shape)
