"""Files that hurt, made here: each a function that returns a name and bytes."""

import io
import zipfile
import zlib

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}'
    '.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns='
    '"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/></Relationships>'
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def archive(members, sizes=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
        for name, size in sizes:
            with opened.open(name, "w", force_zip64=True) as member:
                for _ in range(size // 1_000_000):
                    member.write(b" " * 1_000_000)
    return out.getvalue()


def docx(document, more=(), prefix=""):
    body = f'{prefix}<w:document xmlns:w="{_WORD}"><w:body>{document}</w:body></w:document>'
    return archive(
        {
            "[Content_Types].xml": _TYPES.format(
                part="word/document.xml", kind="wordprocessingml.document"
            ),
            "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="word/document.xml"),
            "word/document.xml": f'<?xml version="1.0"?>{body}',
        },
        more,
    )


def paragraph(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def bomb_docx():
    """2 GB of spaces in a few MB."""
    return docx(paragraph("Bomb"), more=[("word/media/space.bin", 2_000_000_000)])


def billion_laughs():
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    return docx(paragraph("&a9;"), prefix=f"<!DOCTYPE w [{entities}]>")


def external_entity():
    entity = '<!DOCTYPE w [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return docx(paragraph("Before &secret; after"), prefix=entity)


def far_cell():
    """One cell at the last place that a sheet has."""
    sheet = (
        f'<?xml version="1.0"?><worksheet xmlns="{_SHEET}"><sheetData><row r="1048576">'
        '<c r="XFD1048576" t="inlineStr"><is><t>far away</t></is></c></row></sheetData></worksheet>'
    )
    book = (
        f'<?xml version="1.0"?><workbook xmlns="{_SHEET}" xmlns:r="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    )
    return archive(
        {
            "[Content_Types].xml": _TYPES.format(
                part="xl/workbook.xml", kind="spreadsheetml.sheet"
            ),
            "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": _RELATIONS.format(
                kind="worksheet", target="worksheets/sheet1.xml"
            ),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def pdf(pages=1, content=b"", filters=b"", resources=b"", encrypt=b"", more=()):
    """A PDF of equal pages; `content` is their stream, `more` further objects from 4 on."""
    kids = b" ".join(b"%d 0 R" % (number + 10) for number in range(pages))
    stream = b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters, content)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        3: stream,
        **dict(enumerate(more, start=4)),
        **{
            number + 10: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R"
            b" /Resources << %s >> >>" % resources
            for number in range(pages)
        },
    }
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    size = max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
    for number in range(1, size):
        place = places.get(number)
        out.write(b"0000000000 65535 f \n" if place is None else b"%010d 00000 n \n" % place)
    out.write(
        b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (size, encrypt, start)
    )
    return out.getvalue()


FONT = b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"


def text_pdf(text=b"A price of 49 euros.", pages=1):
    return pdf(pages, b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % text, resources=FONT)


def scanned_pdf():
    """A page that is one picture."""
    image = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray"
        b" /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream"
    )
    return pdf(
        content=b"q 612 0 0 792 0 0 cm /Im1 Do Q",
        resources=b"/XObject << /Im1 4 0 R >>",
        more=[image],
    )


def bomb_pdf():
    """A stream of 1 GB, packed twice into a few KB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"0 0 m " * 160_000) for _ in range(1_040)) + packer.flush()
    return pdf(content=zlib.compress(packed, 9), filters=b"/Filter [/FlateDecode /FlateDecode]")


def nested_html(depth=200_000):
    return b"<html><body>" + b"<div>" * depth + b"</div>" * depth + b"</body></html>"


def nested_eml(depth=3_000):
    head = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Nested\r\nMIME-Version: 1.0\r\n"
    parts = b""
    for number in range(depth):
        parts += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (
            number,
            number,
        )
    return head + parts + b"Content-Type: text/plain\r\n\r\nThe price is 49 euros.\r\n"


def comments():
    """Empty comments and no web page behind them."""
    return b"<!---->" * 60 + b"x\nprices from 2026\n"


def titles():
    """A web page of titles without an end, over which the library goes for minutes."""
    return b"<title" * 80_000
