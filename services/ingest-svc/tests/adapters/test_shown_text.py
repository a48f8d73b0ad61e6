"""What a file's program shows is read, as it shows it; what it hides is not."""

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest
from bad_files import FONT, archive, pdf
from hypothesis import given
from hypothesis import strategies as st
from ingest_svc.adapters.extraction.chunks import split
from ingest_svc.adapters.extraction.kinds import sniff
from ingest_svc.adapters.extraction.number_formats import BUILT_IN, shown_number, shown_text
from ingest_svc.adapters.extraction.reading import read_parts
from ingest_svc.domain.failure import FileFailedError
from office_files import cell, docx, pptx, run, shape, slide, xlsx

CASES = Path(__file__).resolve().parents[4] / "tests" / "cases"
FILES = [case for case in json.loads((CASES / "cases.json").read_text()) if case["kind"] == "file"]


@pytest.fixture
def read(tmp_path):
    """Return a function that reads bytes; it returns their parts."""

    def parts(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return read_parts(path, sniff(path, name))

    return parts


@pytest.fixture
def text_of(read):
    def text(name, content):
        return "\n".join(part.text for part in read(name, content).parts)

    return text


@pytest.mark.parametrize("case", FILES, ids=lambda case: case["id"])
def test_files_that_other_programs_got_wrong_are_right(text_of, case):
    text = text_of(case["file"], (CASES / "files" / case["file"]).read_bytes())
    expected = next(iter(case["expect"].get("any", [])[1:]), case["expect"])
    assert expected["status"] == "ready"
    for has in expected["has"]:
        assert has in text
    for never in expected.get("never", []):
        assert ("\ufffd" if never == "U+FFFD" else never) not in text
    assert len(text) <= 1_000 * expected.get("max_chunks", 5)


@pytest.mark.parametrize(
    ("name", "content", "words", "charset"),
    [
        ("a.txt", "Größe: schöne Übersicht für Müller".encode("cp1252"), "schöne Übersicht", True),
        ("a.csv", "цена;описание\n15;десять мест для команды".encode("cp1251"), "десять", True),
        ("a.txt", "価格表を送ってください。お願いします。".encode("cp932"), "価格表を送って", True),
        ("a.txt", "Größe".encode("utf-16"), "Größe", False),
        (
            "a.xml",
            '<?xml version="1.0" encoding="iso-8859-2"?><a>Cena za dziesięć osób: żółć</a>'.encode(
                "iso-8859-2"
            ),
            "żółć",
            False,
        ),
        (
            "a.html",
            '<meta charset="gb2312"><title>x</title><p>朱镕基路 喆'.encode("gb18030"),
            "朱镕基路 喆",
            False,
        ),
        (
            "a.html",
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1254">'
            "<p>Fiyat listesi – ğüşiöç".encode("cp1254"),
            "ğüşiöç",
            False,
        ),
        ("a.html", "<p>Größe für Müller, schöne Übersicht".encode("cp1252"), "Größe für", True),
        ("a.md", b"# Preise\n\nM\xc3\xbcller zahlt. \xe9 \xc3\xbc\xc3\xb6", "Müller zahlt", False),
    ],
)
def test_bytes_are_read_as_browsers_read_them_and_a_guess_is_told(
    read, name, content, words, charset
):
    found = read(name, content)
    assert words in "".join(part.text for part in found.parts)
    assert (found.guessed_charset is not None) is charset


def test_a_mail_is_read_in_the_charset_that_its_program_meant(text_of):
    mail = (
        b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Preis\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    assert "朱镕基路 喆" in text_of("a.eml", mail + "朱镕基路 喆\r\n".encode("gb18030"))


@pytest.mark.parametrize(
    ("kind", "declared", "words", "charset"),
    [
        (
            "plain",
            "",
            "Die Größe für Müller kostet fünfzehn Euro, schöne Übersicht".encode("cp1252"),
            True,
        ),
        (
            "plain",
            "; charset=us-ascii",
            "Größe für Müller, schöne Übersicht".encode("cp1252"),
            True,
        ),
        ("html", "", "<p>Größe für Müller, schöne Übersicht".encode("cp1252"), True),
        ("html", "", '<meta charset="windows-1252"><p>Größe für Müller'.encode("cp1252"), False),
        ("plain", "; charset=windows-1252", "Größe für Müller".encode("cp1252"), False),
        ("plain", "", "Größe für Müller".encode(), False),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_a_guess_of_the_charset_of_a_mail_is_told(read, kind, declared, words, charset, encoding):
    body = base64.encodebytes(words) if encoding == "base64" else words
    head = f"Content-Type: text/{kind}{declared}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    mail = b"From: a@b.example\r\nSubject: Preis\r\nMIME-Version: 1.0\r\n" + head.encode() + body
    found = read("a.eml", mail)
    assert "Größe für Müller" in "".join(part.text for part in found.parts)
    assert (found.guessed_charset is not None) is charset


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.65, "0%", "65%"),
        (0.1234, BUILT_IN[10], "12.34%"),
        (56_701.034, "#,##0.00", "56,701.03"),
        (15, "General", "15"),
        (0.1 + 0.2, "General", "0.3"),
        (4_006_381_333_931, "General", "4006381333931"),
        (1e20, "General", "1E+20"),
        (1_234.5, '#,##0.00 "€"', "1,234.50 €"),
        (1_234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1_234.5, "#,##0.00\\ [$zł-415]", "1,234.50 zł"),
        (-5, "#,##0;[Red](#,##0)", "(5)"),
        (-5.5, "0.00", "-5.50"),
        (-0.001, "0.00", "0.00"),
        (2.5, "0", "3"),
        (0, '0;-0;"free"', "free"),
        (150, '[>=100]"many";"few"', "many"),
        (42, ";;;", ""),
        (1_234_567, '#,##0,"k"', "1,235k"),
        (1_234_567.891, '#,##0.0,,"M"', "1.2M"),
        (5_551_234, "000-0000", "555-1234"),
        (7, "000", "007"),
        (3, "0.0#", "3.0"),
        (12_345, BUILT_IN[11], "1.23E+04"),
        (0.0000123, "0.00E+00", "1.23E-05"),
        (1.5, BUILT_IN[12], "1 1/2"),
        (45_000, BUILT_IN[14], "3/15/2023"),
        (45_000, "yyyy-mm-dd", "2023-03-15"),
        (45_000, "dddd, d. mmmm yyyy", "Wednesday, 15. March 2023"),
        (45_000.75, "d.m.yyyy h:mm", "15.3.2023 18:00"),
        (0.75, BUILT_IN[18], "6:00 PM"),
        (1.5, BUILT_IN[46], "36:00:00"),
        (61, "m/d", "3/1"),
        (59, "m/d", "2/28"),
        (-3, "yyyy", "-3"),
        (1e300, "0.00", f"1{300 * '0'}.00"),
    ],
)
def test_a_number_is_read_as_the_program_shows_it(value, code, shown):
    assert shown_number(value, code).strip() == shown


@given(
    st.floats(allow_nan=False, allow_infinity=False), st.text('0#?.,%;@E+-[]<>="\\_*ymdhs/ $€AP')
)
def test_no_number_format_fails(value, code):
    shown_number(value, code)
    shown_text("words", code)


@given(st.integers(-(10**14), 10**14))
def test_grouped_digits_are_the_number(value):
    assert int(shown_number(value, "#,##0").replace(",", "")) == value


def test_formats_and_shared_texts_are_those_of_the_workbook(text_of):
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>0.65</v></c></row>'
        '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" s="2"><v>1</v></c>'
        '<c r="C2" t="str"><v>typed</v></c><c><v>ten</v></c></row>'
        '<row r="3"><c r="A3" t="e"><v>#N/A</v></c><c r="D3" s="3" t="s"><v>0</v></c></row>'
    )
    shared = ["<r><t>Sha</t></r><r><t>re</t></r><rPh><t>unsaid</t></rPh>"]
    codes = ["0%", "yyyy-mm-dd", ";;;"]
    text = text_of("a.xlsx", xlsx(rows, codes=codes, first_year=1904, shared=shared))
    assert text == "Prices\n\n| Share | 65% |\n| TRUE | 1904-01-02 | typed | ten |\n| #N/A |"


@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        (f'<row r="2" hidden="true">{cell("A2", "secret")}</row>', ""),
        (f'<row r="2" ht="0" customHeight="1">{cell("A2", "secret")}</row>', ""),
        (f"<row>{cell('C2', 'secret')}</row>", '<col min="2" max="4" hidden="1"/>'),
        (f"<row>{cell('B2', 'secret')}</row>", '<col min="2" max="2" width="0"/>'),
    ],
)
def test_what_a_sheet_hides_is_not_read(text_of, rows, cols):
    shown = f'<row r="1">{cell("A1", "seen")}</row>'
    content = xlsx(shown + rows, cols=f"<cols>{cols}</cols>")
    assert text_of("a.xlsx", content) == "Prices\n\n| seen |"


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_read(text_of, state):
    assert text_of("a.xlsx", xlsx(f"<row>{cell('A1', 'secret')}</row>", state=state)) == ""


def test_a_row_has_its_blank_cells_and_no_others(text_of):
    row = f'<row r="1">{cell("A1", "a")}{cell("C1", "b")}<c r="E1" s="1"/></row>'
    blank = '<row r="2"><c r="A2"><v> </v></c><c r="B2" t="inlineStr"><is><t> </t></is></c></row>'
    assert text_of("a.xlsx", xlsx(row + blank * 5_000)) == "Prices\n\n| a |  | b |"


@pytest.mark.parametrize("blank", [";;", ",,,", "\t\t", '"","",""', " | | "])
def test_blank_rows_of_a_table_as_text_are_no_passages(read, blank):
    rows = ["name;price", *[blank] * 5_000, "last;9"]
    chunks = [
        chunk for part in read("a.csv", "\n".join(rows).encode()).parts for chunk in split(part)
    ]
    assert [chunk["text"] for chunk in chunks] == ["name;price", "last;9"]
    assert chunks[1]["section"] == "line 5002"


HIDING_STYLES = (
    '<w:style w:type="character" w:styleId="Hid"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Sub"><w:basedOn w:val="Hid"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Par"><w:rPr><w:vanish/></w:rPr></w:style>'
)


@pytest.mark.parametrize(
    "hidden",
    [
        run("secret", "<w:vanish/>"),
        run("secret", '<w:vanish w:val="true"/>'),
        run("secret", '<w:rStyle w:val="Hid"/>'),
        run("secret", '<w:rStyle w:val="Sub"/>'),
        f'<w:moveFrom w:id="1">{run("secret")}</w:moveFrom>',
        '<w:del w:id="1"><w:r><w:delText>secret</w:delText></w:r></w:del>',
    ],
)
def test_vanished_and_moved_away_text_is_not_read(text_of, hidden):
    shown = run(" too", '<w:vanish w:val="0"/>')
    body = f"<w:p>{run('seen')}{hidden}{shown}</w:p>"
    assert text_of("a.docx", docx(body, HIDING_STYLES)).strip() == "seen too"


def test_a_paragraph_of_a_hidden_style_and_a_hidden_table_row_are_not_read(text_of):
    hidden = f'<w:p><w:pPr><w:pStyle w:val="Par"/></w:pPr>{run("secret")}</w:p>'
    row = f"<w:tc><w:p>{run('%s')}</w:p></w:tc>"
    table = (
        f"<w:tbl><w:tr>{row % 'cell'}</w:tr>"
        f"<w:tr><w:trPr><w:hidden/></w:trPr>{row % 'secret'}</w:tr></w:tbl>"
    )
    moved = f'<w:p><w:moveTo w:id="2">{run("moved here")}</w:moveTo></w:p>'
    text = text_of("a.docx", docx(f"<w:p>{run('seen')}</w:p>{hidden}{table}{moved}", HIDING_STYLES))
    assert "secret" not in text
    assert all(words in text for words in ("seen", "cell", "moved here"))


@pytest.mark.parametrize("show", ['show="0"', 'show="false"'])
def test_a_hidden_slide_and_its_notes_are_not_read_and_the_others_keep_their_number(read, show):
    content = pptx(slide(shape("secret"), show), slide(shape("seen")), notes="secret")
    found = read("a.pptx", content)
    parts = [(part.page, part.text.strip()) for part in found.parts if part.text.strip()]
    assert (found.pages, parts) == (2, [(2, "seen")])


def test_a_hidden_shape_is_not_read(text_of):
    shapes = shape("seen") + shape("secret", 'hidden="1"')
    assert text_of("a.pptx", pptx(slide(shapes))).strip() == "seen"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2 \u8364?15\par}", "Привет €15"),
        (rb"{\rtf1\ansi Fif{\b te}en {\v secret}euros{\deleted old}\par}", "Fifteen euros"),
        (rb"{\rtf1 {\v secret\plain seen}\v secret\v0  too}", "seen too"),
        (
            rb"{\rtf1{\fonttbl{\f0 Arial;}{\f1\fcharset128 MS Gothic;}}\f1 \'89\'bf\'8ai\f0  OK}",
            "価格 OK",
        ),
        (
            (
                b"{\\rtf1{\\info{\\title Old}}{\\*\\generator x;}{\\header head}"
                b"a\\tab b\\line{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt link}}"
                b"{\\pict\\bin4 {{{{ ffd8}\\emdash\\~c\\{\\}}"
            ),
            "a\tb\nlink—\u00a0c{}",
        ),
        (rb"{\rtf1 \uc2 \u-10179??\u-8704??!}", "😀!"),
        (rb"{\rtf1\trowd a\cell b\cell\row}", "a\tb"),
        (rb"{\rtf1 open {\b group", "open group"),
    ],
)
def test_rtf_is_read_without_its_markup_and_its_hidden_text(text_of, content, text):
    assert text_of("letter.doc", content) == text


@given(st.lists(st.sampled_from(["{", "}", "\\b ", "\\v", "\\u9", "\\'e4", "\\bin2 ", "a ", "\\"])))
def test_no_rtf_fails(tmp_path_factory, pieces):
    path = tmp_path_factory.getbasetemp() / "any.rtf"
    path.write_text("{\\rtf1 " + "".join(pieces))
    list(read_parts(path, "rtf").parts)


def field(name, values):
    return b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /T (%s) %s >>" % (name, values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (b"/FT /Tx /V (Brandt GmbH)", "firm: Brandt GmbH"),
        (b"/FT /Tx /TU (Company name) /V <FEFF004D00FC006C006C00650072>", "Company name: Müller"),
        (b"/FT /Ch /Ff 131072 /Opt [(ten) (twenty)] /V (twenty)", "firm: twenty"),
        (b"/FT /Btn /V /Yes /AS /Yes /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>", "firm: Yes"),
        (b"/FT /Btn /V /Off /AS /Off /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>", ""),
        (b"/FT /Tx /V (secret) /Ff 8192", ""),
        (b"/FT /Tx /V (secret) /F 2", ""),
        (b"/FT /Tx /V ()", ""),
    ],
)
def test_the_values_of_a_form_are_read(text_of, values, text):
    content = pdf(content=b"BT /F1 12 Tf 72 720 Td (Order) Tj ET", resources=FONT,
                  more=[b"<< /Fields [5 0 R] >>", field(b"firm", values)])  # fmt: skip
    content = content.replace(b"/Type /Catalog", b"/Type /Catalog /AcroForm 4 0 R")
    content = content.replace(b"/Type /Page /", b"/Type /Page /Annots [5 0 R] /")
    assert text_of("a.pdf", content).split("\n\n") == ["Order", text][: 1 + bool(text)]


def test_the_marks_of_the_library_are_gone(text_of):
    page = (
        b'<html><head><title>All &amp; prices</title><meta name="description" content="d">'
        b'<meta property="og:title" content="o"></head><body><p>Ten euros.</p></body></html>'
    )
    assert text_of("a.html", page).strip() == "All & prices\n\nTen euros."
    headed = page.replace(b"<p>", b"<h1>All &amp; prices</h1><p>")
    assert text_of("a.html", headed).strip() == "# All & prices\n\nTen euros."
    noted = f"<w:p>{run('Ten')}<w:r><w:footnoteReference w:id='2'/></w:r>{run(' euros')}</w:p>"
    assert "[^" not in text_of("a.docx", docx(noted))


ENTITIES = "<!DOCTYPE a [<!ENTITY a 'secret'>]>"


@pytest.mark.parametrize("start", [ENTITIES, ENTITIES.encode("utf-16-le").decode("latin-1")])
def test_a_part_with_entities_is_refused(read, start):
    content = xlsx(f"<row>{cell('A1', 'a')}</row>")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        members = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = start.encode("latin-1") + members[sheet]
    with pytest.raises(FileFailedError):
        list(read("a.xlsx", archive(members)).parts)


@pytest.mark.parametrize("damaged", ["<c", '<c r="A1" t="s"><v>9</v></c>'])
def test_a_damaged_sheet_is_refused(read, damaged):
    with pytest.raises(FileFailedError):
        list(read("a.xlsx", xlsx(f"<row>{damaged}</row>")).parts)


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("0.65", "0%", "65%"),
        ("0.655", "0.0%", "65.5%"),
        ("56701.03", "#,##0.00", "56,701.03"),
        ("1234.5", '#,##0.00 "€"', "1,234.50 €"),
        ("1234.5", "[$€-407] #,##0.00", "€ 1,234.50"),
        ("1234.5", '"$"#,##0.00', "$1,234.50"),
        ("-5", "0;(0)", "(5)"),
        ("-5", "#,##0_);[Red](#,##0)", "(5)"),
        ("0", "0;-0;zero", "zero"),
        ("45000", "yyyy-mm-dd", "2023-03-15"),
        ("45000", "d.m.yyyy", "15.3.2023"),
        ("45000", "m/d/yy", "3/15/23"),
        ("45000.5", "dd/mm/yyyy hh:mm", "15/03/2023 12:00"),
        ("0.5", "h:mm", "12:00"),
        ("1.5", "[h]:mm", "36:00"),
        ("45000", "mmmm d, yyyy", "March 15, 2023"),
        ("45000", "ddd, mmm d", "Wed, Mar 15"),
        ("1500000", '0.0,,"M"', "1.5M"),
        ("12345", "0.00E+00", "1.23E+04"),
        ("0.5", "# ?/?", "1/2"),
        ("5", "000", "005"),
        ("1234567", "#,##0,", "1,235"),
        ("0.75", '0.0 "%"', "0.8 %"),
        ("45000", 'yyyy"年"m"月"d"日"', "2023年3月15日"),
        ("45000", "[$-409]mmmm\\ d\\,\\ yyyy;@", "March 15, 2023"),
        ("45000", "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "Wednesday, March 15, 2023"),
        ("15", '[>10]"big";"small"', "big"),
        ("3.14159", "General", "3.14159"),
        ("0.1", "General", "0.1"),
        ("1E+20", "General", "1E+20"),
        ("5", "@", "5"),
        ("1234.567", "#,##0.##", "1,234.57"),
        ("1234", "#,##0.##", "1,234."),
        ("45000.75", "h:mm AM/PM", "6:00 PM"),
        ("1234.5", '#,##0.00\\ "zł"', "1,234.50 zł"),
        ("1234.5", '_-* #,##0.00\\ "kr"_-;\\-* #,##0.00', "1,234.50 kr"),
        ("-0.1", "0%", "-10%"),
        ("0.000001", "0.00%", "0.00%"),
        ("8005551234", "(000) 000-0000", "(800) 555-1234"),
        ("123456789", "000-00-0000", "123-45-6789"),
    ],
)
def test_formats_of_other_languages_and_programs_show_a_number(value, code, shown):
    assert " ".join(shown_number(float(value), code).split()) == shown


def test_a_table_row_that_a_tracked_change_deleted_is_not_read(text_of):
    row = "<w:tr>{}<w:tc><w:p>{}</w:p></w:tc></w:tr>"
    deleted = row.format('<w:trPr><w:del w:id="3"/></w:trPr>', run("secret"))
    body = f"<w:tbl>{row.format('', run('seen'))}{deleted}</w:tbl>"
    assert "secret" not in text_of("a.docx", docx(body))


@pytest.mark.parametrize(
    "hidden",
    [
        run("secret", "<w:vanish/><w:specVanish/>"),
        run("secret", '<w:vanish w:val="on"/>'),
        f"<w:hyperlink>{run('secret', '<w:vanish/>')}</w:hyperlink>",
        "<w:r><w:instrText>secret MERGEFIELD</w:instrText></w:r>",
    ],
)
def test_more_ways_to_hide_words_in_a_document(text_of, hidden):
    shown = run(" too", '<w:vanish w:val="off"/>')
    control = f"<w:sdt><w:sdtContent><w:p>{run('in a control')}</w:p></w:sdtContent></w:sdt>"
    text = text_of("a.docx", docx(f"<w:p>{run('seen')}{hidden}{shown}</w:p>{control}"))
    assert "secret" not in text
    assert "seen too" in text
    assert "in a control" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (rb"{\rtf1\ansi\ansicpg936 \'bc\'db\'b8\'f1 15}", "价格 15"),
        (rb"{\rtf1\ansi\uc0 \u1062 \u1077 \u1085 \u1072 }", "Цена"),
        (
            rb"{\rtf1\ansi\ansicpg1252\cocoartf2639{\fonttbl\f0\fswiss Helvetica;}\f0 Euros}",
            "Euros",
        ),
        (rb"{\rtf1{\info{\author secret}{\title secret}}seen}", "seen"),
        (rb"{\rtf1 seen{\pict\pngblip 89504e470d0a}}", "seen"),
        (rb"{\rtf1 {\field{\*\fldinst HYPERLINK secret}{\fldrslt seen}}}", "seen"),
        (rb"{\rtf1\mac Gr\'9a\'a7e}", "Größe"),
        (rb"{\rtf1 seen{\mvf secret}}", "seen"),
    ],
)
def test_rtf_of_other_programs_is_read(text_of, content, words):
    text = text_of("a.rtf", content)
    assert words in text
    assert not any(never in text for never in ("secret", "\\", "8950"))
