"""Small Office files, made of the XML that a test is about."""

from bad_files import archive

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SLIDE = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    f' xmlns:r="{RELATIONS}"'
    ' xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"


def links(**targets):
    """Return relations by id: (kind, target)."""
    found = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{LINKS}">{found}</Relationships>'


def package(main, overrides, members):
    kinds = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.'
        f'{kind}+xml"/>'
        for part, kind in overrides.items()
    )
    types = (
        f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{kinds}</Types>'
    )
    return archive(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": links(rId1=("officeDocument", main)),
            **members,
        }
    )


def xlsx(rows, cols="", codes=(), state="visible", first_year=1900, shared=()):
    """Return a workbook of one sheet; style n + 1 has the number format `codes[n]`."""
    formats = "".join(
        f'<numFmt numFmtId="{164 + number}" formatCode="{code}"/>'
        for number, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{164 + number}"/>' for number in range(len(codes)))
    members = {
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
            f'<workbookPr date1904="{int(first_year == 1904)}"/>'
            f'<sheets><sheet name="Prices" sheetId="1" state="{state}" r:id="rId1"/></sheets>'
            "</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": links(
            rId1=("worksheet", "worksheets/sheet1.xml"), rId2=("styles", "styles.xml")
        ),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
            f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
        ),
        "xl/sharedStrings.xml": (
            f'<sst xmlns="{MAIN}">{"".join(f"<si>{item}</si>" for item in shared)}</sst>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{MAIN}">{cols}<sheetData>{rows}</sheetData></worksheet>'
        ),
    }
    return package("xl/workbook.xml", {"xl/workbook.xml": "spreadsheetml.sheet.main"}, members)


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def docx(body, styles=""):
    """Return a document of paragraphs; `styles` are the elements of its style sheet."""
    members = {
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": links(rId1=("styles", "styles.xml")),
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
    }
    kinds = {
        "word/document.xml": "wordprocessingml.document.main",
        "word/styles.xml": "wordprocessingml.styles",
    }
    return package("word/document.xml", kinds, members)


def run(text, properties=""):
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def shape(text, hidden=""):
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text" {hidden}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def slide(shapes, show="", kind="sld"):
    return (
        f'<p:{kind} {SLIDE} {show}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/>'
        f"<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:{kind}>"
    )


def pptx(*slides, notes=""):
    """Return a presentation; `notes` are those of its first slide."""
    numbers = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number}"/>' for number in numbers)
    members = {
        "ppt/presentation.xml": (
            f"<p:presentation {SLIDE}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
        ),
        "ppt/_rels/presentation.xml.rels": links(
            **{f"rId{number}": ("slide", f"slides/slide{number}.xml") for number in numbers}
        ),
        **{f"ppt/slides/slide{number}.xml": slides[number - 1] for number in numbers},
    }
    kinds = {
        "ppt/presentation.xml": "presentationml.presentation.main",
        **{f"ppt/slides/slide{number}.xml": "presentationml.slide" for number in numbers},
    }
    if notes:
        members["ppt/slides/_rels/slide1.xml.rels"] = links(
            rId1=("notesSlide", "../notesSlides/notesSlide1.xml")
        )
        members["ppt/notesSlides/notesSlide1.xml"] = slide(shape(notes), kind="notes")
        kinds["ppt/notesSlides/notesSlide1.xml"] = "presentationml.notesSlide"
    return package("ppt/presentation.xml", kinds, members)
