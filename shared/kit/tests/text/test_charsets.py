import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.charsets import declared_in_markup, decode

GUESSED = [
    ("ça va très bien. Le café est déjà prêt.", "cp1252"),
    ("El niño cuesta 15 €, el piñón también.", "cp1252"),
    ("Die Größe für Müller kostet fünfzehn Euro", "cp1252"),
    ("Não, obrigado. Quanto custa a solução?", "cp1252"),
    ("Zażółć gęślą jaźń. Cena wynosi pięć złotych.", "cp1250"),
    ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp1250"),
    ("Árvíztűrő tükörfúrógép, öt forint.", "cp1250"),
    ("Какая цена за десять мест?", "cp1251"),
    ("Какая цена за десять мест?", "koi8-r"),
    ("Fiyat listesini gönderir misiniz? Teşekkürler, ışık", "cp1254"),
    ("Ποια είναι η τιμή για δέκα θέσεις;", "cp1253"),
    ("מה המחיר לעשרה מקומות?", "cp1255"),
    ("価格表を送ってください。", "cp932"),
    ("価格表を送ってください。", "euc_jp"),
    ("请把价格表发给我，谢谢。", "gb18030"),
    ("請把價格表寄給我，謝謝。", "big5"),
    ("가격표를 보내 주세요.", "cp949"),
    ("Le café est déjà prêt, ça va.", "cp1252"),
    ("Blåbærgrød på dåse", "cp1252"),
    ("Él está aquí mañana", "cp1252"),
    ("São Paulo é uma cidade grande", "cp1252"),
    ("naïve façade coöperatie", "cp1252"),
    ("Příliš žluťoučký kůň úpěl ďábelské ódy", "iso8859_2"),
    ("Zażółć gęślą jaźń, proszę o cennik", "iso8859_2"),
    ("Šesť žltých kôz", "cp1250"),
    ("Ціна ліцензії за місце, їжа", "cp1251"),
    ("Цената на лиценза е висока", "cp1251"),
    ("Сколько стоит лицензия за место в месяц", "cp866"),
    ("Kaina už vietą, ačiū, šįvakar žmonės", "cp1257"),
    ("السعر لكل مقعد خمسة عشر يورو", "cp1256"),
    ("Тариф стоит пятнадцать евро в месяц.", "iso8859_5"),
    ("It’s “the best” café", "mac_roman"),
    ("ราคาต่อที่นั่งคือสิบห้ายูโร", "cp874"),
    ("a letter in wide characters", "utf-16-le"),
    ("a letter in wide characters", "utf-16-be"),
]


@pytest.mark.parametrize(("text", "charset"), GUESSED, ids=[f"{t[:6]}-{c}" for t, c in GUESSED])
def test_a_text_that_declares_nothing_is_told_by_its_language(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset))
    assert (decoded.text, decoded.is_guessed) == (text, True)


@pytest.mark.parametrize(
    ("text", "written_in", "declared"),
    [
        ("①価格表を送ってください。髙橋", "cp932", "Shift_JIS"),
        ("请报价：朱镕基路 喆", "gb18030", "gb2312"),
        ("가격표 똠방각하", "cp949", "ks_c_5601-1987"),
        ("Fiyat – “en iyi” 10 €?", "cp1254", "iso-8859-9"),
        ("Größe – “beste”", "cp1252", "ISO-8859-1"),
        ("ราคา “ดี”", "cp874", "TIS-620"),
        ("価格表", "cp932", "MS932"),
        ("报价", "gb18030", "cp936"),
        ("Größe", "utf-8", "iso-8859-1"),
        ("Größe", "utf-8", "us-ascii"),
        ("Größe für Müller", "cp1252", "utf-8"),
        ("Hi – こ", "utf-7", "utf-7"),
        ("価格表", "iso2022_jp", "us-ascii"),
        ("가격표", "iso2022_kr", None),
        ("Größe für alle", "cp850", "IBM850"),
        ("cena zł", "cp852", "cp852"),
        ("Größe", "utf-8", "cp437"),
    ],
)
def test_labels_mean_what_browsers_take_them_for(
    text: str, written_in: str, declared: str | None
) -> None:
    assert decode(text.encode(written_in), declared).text == text


def test_japanese_mail_keeps_what_vendors_added() -> None:
    assert decode(b"\x1b$B-!\x1b(B abc \x1b(I1\x1b(B", "iso-2022-jp").text == "① abc ｱ"
    assert decode(b"\xad\xa1\xfc\xe2\x8e\xb1", "euc-jp").text == "①髙ｱ"


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_wins_over_what_is_declared(mark: str) -> None:
    assert decode("Größe".encode(mark), "windows-1252").text == "Größe"


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"<html><meta charset=windows-1251>", "windows-1251"),
        (b'<META http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        (b"<?xml version='1.0' encoding='iso-8859-2'?><p>", "iso-8859-2"),
        (b"<meta charset='utf-16'>", "utf-8"),
        (b"<!-- <meta charset=koi8-r> --><meta charset=big5>", "big5"),
        (b"<p>charset=x</p>", None),
        (b" " * 2_000 + b"<meta charset=koi8-r>", None),
    ],
)
def test_markup_declares_its_own_charset(data: bytes, declared: str | None) -> None:
    assert declared_in_markup(data) == declared


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd\ufeff")))
def test_utf_8_is_read_as_it_is(text: str) -> None:
    if "\x1b" not in text:
        assert decode(text.encode()).text == text


@given(st.text(st.sampled_from("äöüéñšж中 abc"), min_size=8), st.integers(0, 255), st.data())
def test_one_bad_byte_costs_one_character(text: str, byte: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    bad = bytes([0x80 | byte % 0x40])
    mixed = text[:at].encode() + bad + text[at:].encode()
    if sum(char > "\x7f" for char in text) > 1:
        assert decode(mixed).text == f"{text[:at]}\ufffd{text[at:]}"


@given(
    st.text(st.characters(min_codepoint=1, max_codepoint=126, exclude_characters="\x1b")),
    st.sampled_from(
        [None, "utf-8", "shift_jis", "gb2312", "big5", "euc-kr", "koi8-r", "x", "a\0b"]
    ),
)
def test_ascii_is_never_lost(text: str, declared: str | None) -> None:
    assert decode(text.encode(), declared).text == text


@given(
    st.binary(max_size=200), st.sampled_from([None, "iso-2022-jp", "euc-jp", "utf-16", "x" * 99])
)
def test_any_bytes_are_read_somehow(data: bytes, declared: str | None) -> None:
    assert isinstance(decode(data, declared).text, str)
