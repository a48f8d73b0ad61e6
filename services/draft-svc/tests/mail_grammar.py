"""Replies by a grammar: program x language x charset x quoting x footer, with known words.

How programs quote, attribute and sign stands here as they do it, after mails that they have sent
(mailing lists, the tests of other parsers). Nothing of the service is imported.

Where each form was seen stands in `mail_sources.md`.
"""

import base64
import html
import quopri
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import wrap

NAME, ADDRESS = "Tom Weber", "tom@acme.example"
WHO = f"{NAME} <{ADDRESS}>"


@dataclass(frozen=True)
class Reply:
    """A raw mail, and what its sender typed."""

    kind: str
    """program/language/form/charset/encoding/quoting/footer/banner."""
    raw_email: str
    words: str


@dataclass(frozen=True)
class Language:
    """What people write in a language, and what programs write around it."""

    sentences: tuple[str, ...]
    gmail: str
    labels: str
    """From, Sent, To, Subject of Outlook."""
    date: str
    phone: str
    charsets: tuple[str, ...] = ("utf-8",)
    apple: str | None = None
    thunderbird: str | None = None
    mark: str | None = None


WRITTEN_AS = {
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "iso-8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "big5": "big5hkscs",
}
"""What programs write under a label."""

WESTERN = ("utf-8", "iso-8859-1", "windows-1252", "iso-8859-15")
CENTRAL = ("utf-8", "iso-8859-2", "windows-1250")
CYRILLIC = ("utf-8", "windows-1251", "koi8-r", "iso-8859-5")

LANGUAGES = {
    "en": Language(
        (
            "Please send me the price list for 20 seats.",
            "We are interested, but the budget for this year is gone.",
            "What does it cost per month?",
            "Can we talk on Thursday at 10:30?",
            "Our office has 50 people: 30 in sales, 20 in support.",
            "I spoke with my colleague, and she has two questions.",
            "No thanks, we already use another tool.",
        ),
        f"On Tue, Mar 3, 2026 at 10:00\u202fAM {WHO} wrote:",
        "From Sent To Subject",
        "Tuesday, March 3, 2026 10:00 AM",
        "Sent from my iPhone",
        WESTERN,
        f"On Mar 3, 2026, at 10:00\u202fAM, {WHO} wrote:",
        f"On 3/3/26 10:00 AM, {NAME} wrote:",
        "-----Original Message-----",
    ),
    "de": Language(
        (
            "Bitte schicken Sie mir die Preisliste für 20 Plätze.",
            "Grundsätzlich gern, aber das Budget ist für dieses Jahr ausgeschöpft.",
            "Was kostet das im Monat?",
            "Können wir am Donnerstag um 10:30 Uhr telefonieren?",
            "Unser Büro hat 50 Leute: 30 im Vertrieb, 20 im Service.",
            "Ich habe mit meiner Kollegin gesprochen, sie hat noch zwei Fragen.",
            "Nein danke, wir haben schon ein anderes Werkzeug.",
        ),
        f"Am Di., 3. März 2026 um 10:00 Uhr schrieb {WHO}:",
        "Von Gesendet An Betreff",
        "Dienstag, 3. März 2026 10:00",
        "Von meinem iPhone gesendet",
        WESTERN,
        f"Am 03.03.2026 um 10:00 schrieb {WHO}:",
        f"Am 03.03.26 um 10:00 schrieb {NAME}:",
        "-----Ursprüngliche Nachricht-----",
    ),
    "fr": Language(
        (
            "Merci de m'envoyer la liste des prix pour 20 postes.",
            "Nous sommes intéressés, mais le budget de cette année est épuisé.",
            "Combien cela coûte-t-il par mois ?",
            "Pouvons-nous en parler jeudi à 10 h 30 ?",
            "Notre bureau compte 50 personnes : 30 à la vente, 20 au support.",
            "J'ai parlé avec ma collègue, elle a encore deux questions.",
        ),
        f"Le mar. 3 mars 2026 à 10:00, {WHO} a écrit :",
        "De Envoyé À Objet",
        "mardi 3 mars 2026 10:00",
        "Envoyé de mon iPhone",
        WESTERN,
        f"Le 3 mars 2026 à 10:00, {WHO} a écrit :",
        f"Le 03/03/2026 à 10:00, {NAME} a écrit :",
        "-----Message d'origine-----",
    ),
    "es": Language(
        (
            "Por favor, envíeme la lista de precios para 20 puestos.",
            "Nos interesa, pero el presupuesto de este año está agotado.",
            "¿Cuánto cuesta al mes?",
            "¿Podemos hablar el jueves a las 10:30?",
            "Nuestra oficina tiene 50 personas: 30 en ventas y 20 en soporte.",
        ),
        f"El mar, 3 mar 2026 a las 10:00, {NAME} (<{ADDRESS}>) escribió:",
        "De|Enviado el|Para|Asunto",
        "martes, 3 de marzo de 2026 10:00",
        "Enviado desde mi iPhone",
        WESTERN,
        f"El 3 mar 2026, a las 10:00, {WHO} escribió:",
        f"El 3/3/26 a las 10:00, {NAME} escribió:",
        "-----Mensaje original-----",
    ),
    "it": Language(
        (
            "Mi mandi per favore il listino per 20 postazioni.",
            "Ci interessa, ma il budget di quest'anno è finito.",
            "Quanto costa al mese?",
            "Possiamo sentirci giovedì alle 10:30?",
            "Ho parlato con la mia collega: ha ancora due domande.",
        ),
        f"Il giorno mar 3 mar 2026 alle ore 10:00 {WHO} ha scritto:",
        "Da Inviato A Oggetto",
        "martedì 3 marzo 2026 10:00",
        "Inviato da iPhone",
        WESTERN,
        f"Il giorno 3 mar 2026, alle ore 10:00, {WHO} ha scritto:",
        f"Il 03/03/26 10:00, {NAME} ha scritto:",
        "-----Messaggio originale-----",
    ),
    "pt": Language(
        (
            "Por favor, envie a lista de preços para 20 lugares.",
            "Temos interesse, mas o orçamento deste ano acabou.",
            "Quanto custa por mês?",
            "Podemos conversar na quinta-feira às 10:30?",
            "Não, obrigado, já usamos outra ferramenta.",
        ),
        f"Em ter., 3 de mar. de 2026 às 10:00, {WHO} escreveu:",
        "De|Enviada em|Para|Assunto",
        "terça-feira, 3 de março de 2026 10:00",
        "Enviado do meu iPhone",
        WESTERN,
        f"No dia 3 de mar. de 2026, às 10:00, {WHO} escreveu:",
        f"Em 03/03/2026 10:00, {NAME} escreveu:",
        "-----Mensagem original-----",
    ),
    "nl": Language(
        (
            "Stuur mij alstublieft de prijslijst voor 20 plaatsen.",
            "We hebben interesse, maar het budget voor dit jaar is op.",
            "Wat kost het per maand?",
            "Kunnen we donderdag om 10:30 bellen?",
            "Ons kantoor heeft 50 mensen: 30 in verkoop, 20 in support.",
        ),
        f"Op di 3 mrt 2026 om 10:00 schreef {WHO}:",
        "Van Verzonden Aan Onderwerp",
        "dinsdag 3 maart 2026 10:00",
        "Verstuurd vanaf mijn iPhone",
        WESTERN,
        f"Op 3 mrt 2026, om 10:00 heeft {WHO} het volgende geschreven:",
        f"Op 03-03-2026 om 10:00 schreef {NAME}:",
        "-----Oorspronkelijk bericht-----",
    ),
    "sv": Language(
        (
            "Skicka gärna prislistan för 20 platser.",
            "Vi är intresserade, men årets budget är slut.",
            "Vad kostar det per månad?",
            "Kan vi prata på torsdag klockan 10:30?",
        ),
        f"Den tis 3 mars 2026 kl 10:00 skrev {WHO}:",
        "Från Skickat Till Ämne",
        "den 3 mars 2026 10:00",
        "Skickat från min iPhone",
        WESTERN,
        f"3 mars 2026 kl. 10:00 skrev {WHO}:",
        f"Den 2026-03-03 kl. 10:00, skrev {NAME}:",
        "-----Ursprungligt meddelande-----",
    ),
    "da": Language(
        (
            "Send mig venligst prislisten for 20 pladser.",
            "Vi er interesserede, men årets budget er brugt.",
            "Hvad koster det om måneden?",
            "Kan vi tale sammen på torsdag klokken 10.30?",
        ),
        f"Den tirs. 3. mar. 2026 kl. 10.00 skrev {WHO}:",
        "Fra Sendt Til Emne",
        "3. marts 2026 10:00",
        "Sendt fra min iPhone",
        WESTERN,
        f"Den 3. mar. 2026 kl. 10.00 skrev {WHO}:",
        f"Den 03.03.2026 kl. 10.00 skrev {NAME}:",
        "-----Oprindelig meddelelse-----",
    ),
    "no": Language(
        (
            "Send meg gjerne prislisten for 20 plasser.",
            "Vi er interessert, men årets budsjett er brukt opp.",
            "Hva koster det i måneden?",
        ),
        f"tir. 3. mars 2026 kl. 10:00 skrev {WHO}:",
        "Fra Sendt Til Emne",
        "tirsdag 3. mars 2026 10:00",
        "Sendt fra min iPhone",
        WESTERN,
        f"3. mars 2026 kl. 10:00 skrev {WHO}:",
        None,
        "-----Opprinnelig melding-----",
    ),
    "fi": Language(
        (
            "Lähetä minulle hinnasto 20 paikalle.",
            "Olemme kiinnostuneita, mutta tämän vuoden budjetti on käytetty.",
            "Mitä se maksaa kuukaudessa?",
            "Voimmeko puhua torstaina kello 10.30?",
        ),
        f"ti 3. maalisk. 2026 klo 10.00 {NAME} ({ADDRESS}) kirjoitti:",
        "Lähettäjä Lähetetty Vastaanottaja Aihe",
        "tiistai 3. maaliskuuta 2026 10.00",
        "Lähetetty iPhonesta",
        WESTERN,
        f"{WHO} kirjoitti 3.3.2026 kello 10.00:",
        f"{NAME} kirjoitti 3.3.2026 klo 10.00:",
        "-----Alkuperäinen viesti-----",
    ),
    "pl": Language(
        (
            "Proszę o przesłanie cennika dla 20 stanowisk.",
            "Jesteśmy zainteresowani, ale tegoroczny budżet już się skończył.",
            "Ile to kosztuje miesięcznie?",
            "Czy możemy porozmawiać w czwartek o 10:30?",
        ),
        f"wt., 3 mar 2026 o 10:00 {WHO} napisał(a):",
        "Od Wysłano Do Temat",
        "wtorek, 3 marca 2026 10:00",
        "Wysłane z iPhone'a",
        CENTRAL,
        f"Wiadomość napisana przez {WHO} w dniu 3 mar 2026, o godz. 10:00:",
        f"W dniu 3.03.2026 o 10:00, {NAME} pisze:",
        "-----Wiadomość oryginalna-----",
    ),
    "cs": Language(
        (
            "Pošlete mi prosím ceník pro 20 míst.",
            "Máme zájem, ale letošní rozpočet je vyčerpaný.",
            "Kolik to stojí měsíčně?",
            "Můžeme si zavolat ve čtvrtek v 10:30?",
        ),
        f"út 3. 3. 2026 v 10:00 odesílatel {WHO} napsal:",
        "Od Odesláno Komu Předmět",
        "úterý 3. března 2026 10:00",
        "Odesláno z iPhonu",
        CENTRAL,
        f"3. 3. 2026 v 10:00, {WHO}:",
        f"Dne 03. 03. 26 v 10:00 {NAME} napsal(a):",
        "-----Původní zpráva-----",
    ),
    "hu": Language(
        (
            "Kérem, küldje el az árlistát 20 helyre.",
            "Érdekel minket, de az idei keret elfogyott.",
            "Mennyibe kerül havonta?",
        ),
        f"{WHO} ezt írta (időpont: 2026. márc. 3., K, 10:00):",
        "Feladó Elküldve Címzett Tárgy",
        "2026. március 3., kedd 10:00",
        "Az iPhone-omról küldve",
        CENTRAL,
        f"2026. márc. 3., K 10:00 időpontban {WHO} ezt írta:",
        f"2026. 03. 03. 10:00 keltezéssel, {NAME} írta:",
        "-----Eredeti üzenet-----",
    ),
    "ro": Language(
        (
            "Vă rog să îmi trimiteți lista de prețuri pentru 20 de locuri.",
            "Suntem interesați, dar bugetul de anul acesta s-a terminat.",
            "Cât costă pe lună?",
        ),
        f"mar., 3 mar. 2026 la 10:00, {WHO} a scris:",
        "De la|Trimis|Către|Subiect",
        "marți, 3 martie 2026 10:00",
        "Trimis de pe iPhone-ul meu",
        ("utf-8",),
        f"Pe 3 mar. 2026, la 10:00, {WHO} a scris:",
        f"Pe 03.03.2026 10:00, {NAME} a scris:",
    ),
    "tr": Language(
        (
            "Lütfen bana 20 kişilik fiyat listesini gönderin.",
            "İlgileniyoruz ama bu yılın bütçesi bitti.",
            "Aylık ücreti ne kadar?",
        ),
        f"{WHO}, 3 Mar 2026 Sal, 10:00 tarihinde şunu yazdı:",
        "Kimden Gönderildi Kime Konu",
        "3 Mart 2026 Salı 10:00",
        "iPhone'umdan gönderildi",
        ("utf-8", "iso-8859-9", "windows-1254"),
        f"{WHO} şunları yazdı (3 Mar 2026 10:00):",
        f"3.03.2026 10:00 tarihinde {NAME} yazdı:",
    ),
    "ru": Language(
        (
            "Пришлите, пожалуйста, прайс-лист на 20 мест.",
            "Нам интересно, но бюджет этого года исчерпан.",
            "Сколько это стоит в месяц?",
            "Можем ли мы поговорить в четверг в 10:30?",
        ),
        f"вт, 3 мар. 2026 г. в 10:00, {WHO}:",
        "От Отправлено Кому Тема",
        "3 марта 2026 г. 10:00",
        "Отправлено с iPhone",
        CYRILLIC,
        f"3 марта 2026 г., в 10:00, {WHO} написал(а):",
        f"03.03.2026 10:00, {NAME} пишет:",
        "-----Исходное сообщение-----",
    ),
    "uk": Language(
        (
            "Надішліть, будь ласка, прайс-лист на 20 місць.",
            "Нам цікаво, але бюджет цього року вичерпано.",
            "Скільки це коштує на місяць?",
        ),
        f"вт, 3 бер. 2026 р. о 10:00 {WHO} пише:",
        "Від Надіслано Кому Тема",
        "3 березня 2026 р. 10:00",
        "Надіслано з iPhone",
        ("utf-8", "windows-1251", "koi8-u"),
        f"3 бер. 2026 р. о 10:00 {WHO} пише:",
        f"03.03.26 10:00, {NAME} пише:",
    ),
    "el": Language(
        (
            "Παρακαλώ στείλτε μου τον τιμοκατάλογο για 20 θέσεις.",
            "Πόσο κοστίζει τον μήνα;",
            "Μας ενδιαφέρει, αλλά ο προϋπολογισμός τελείωσε.",
        ),
        f"Στις Τρί 3 Μαρ 2026 στις 10:00 π.μ., ο/η {WHO} έγραψε:",
        "Από Εστάλη Προς Θέμα",
        "Τρίτη, 3 Μαρτίου 2026 10:00",
        "Στάλθηκε από το iPhone μου",
        ("utf-8", "iso-8859-7", "windows-1253"),
        f"Στις 3 Μαρ 2026, στις 10:00, ο χρήστης {WHO} έγραψε:",
        f"Στις 3/3/26 10:00, ο/η {NAME} έγραψε:",
    ),
    "ja": Language(
        (
            "20席分の価格表を送ってください。",
            "興味はありますが、今年の予算はもうありません。",
            "月額はいくらですか？",
            "木曜日の10時30分にお話しできますか。",
        ),
        f"2026年3月3日(火) 10:00 {WHO}:",
        "差出人 送信日時 宛先 件名",
        "2026年3月3日 10:00",
        "iPhoneから送信",
        ("utf-8", "iso-2022-jp", "shift_jis", "euc-jp"),
        f"2026/03/03 10:00、{WHO}のメール:",
        f"On 2026/03/03 10:00, {NAME} wrote:",
        "-----元のメッセージ-----",
    ),
    "zh-cn": Language(
        (
            "请把二十个席位的报价单发给我。",
            "我们有兴趣，但是今年的预算已经用完了。",
            "每个月多少钱？",
            "星期四上午十点半可以通电话吗？",
        ),
        f"{WHO} 于2026年3月3日周二 10:00写道：",
        "发件人 发送时间 收件人 主题",
        "2026年3月3日 10:00",
        "发自我的 iPhone",
        ("utf-8", "gb2312", "gbk", "gb18030"),
        f"2026年3月3日 10:00，{WHO} 写道：",
        f"在 2026/3/3 10:00, {NAME} 写道:",
        "-----邮件原件-----",
    ),
    "zh-tw": Language(
        (
            "請把二十個席位的報價單寄給我。",
            "我們有興趣，但是今年的預算已經用完了。",
            "每個月多少錢？",
        ),
        f"{WHO} 於 2026年3月3日 週二 上午10:00寫道：",
        "寄件者 寄件日期 收件者 主旨",
        "2026年3月3日 上午 10:00",
        "從我的 iPhone 傳送",
        ("utf-8", "big5"),
        f"{WHO} 於 2026年3月3日 上午10:00 寫道：",
        f"{NAME} 於 2026/3/3 上午 10:00 寫道:",
    ),
    "ko": Language(
        (
            "20석 가격표를 보내 주세요.",
            "관심은 있지만 올해 예산이 모두 소진되었습니다.",
            "한 달에 얼마입니까?",
        ),
        f"2026년 3월 3일 (화) 오전 10:00, {NAME} <{ADDRESS}>님이 작성:",
        "보낸 사람|보낸 날짜|받는 사람|제목",
        "2026년 3월 3일 화요일 오전 10:00",
        "나의 iPhone에서 보냄",
        ("utf-8", "euc-kr", "ks_c_5601-1987"),
        f"2026. 3. 3. 오전 10:00, {WHO} 작성:",
        f"2026-03-03 오전 10:00에 {NAME} 이(가) 쓴 글:",
        "-----원본 메시지-----",
    ),
    "vi": Language(
        ("Vui lòng gửi cho tôi bảng giá cho 20 chỗ.", "Mỗi tháng giá bao nhiêu?"),
        f"Vào Th 3, 3 thg 3, 2026 vào lúc 10:00 {WHO} đã viết:",
        "Từ|Đã gửi|Tới|Chủ đề",
        "Thứ Ba, 3 tháng 3, 2026 10:00",
        "Đã gửi từ iPhone của tôi",
    ),
    "sk": Language(
        ("Pošlite mi prosím cenník pre 20 miest.", "Koľko to stojí mesačne?"),
        f"ut 3. 3. 2026 o 10:00 {WHO} napísal(a):",
        "Od Odoslané Komu Predmet",
        "utorok 3. marca 2026 10:00",
        "Odoslané z iPhonu",
        CENTRAL,
        f"Dňa 3. 3. 2026 o 10:00 {WHO} napísal:",
        f"Dňa 3. 3. 2026 o 10:00 {NAME} napísal(a):",
        "-----Pôvodná správa-----",
    ),
    "hr": Language(
        ("Molim vas, pošaljite mi cjenik za 20 mjesta.", "Koliko to košta mjesečno?"),
        f"uto, 3. ožu 2026. u 10:00 {WHO} napisao je:",
        "Od Poslano Prima Predmet",
        "utorak, 3. ožujka 2026. 10:00",
        "Poslano s mog iPhonea",
        CENTRAL,
        f"Dana 3. ožu 2026. u 10:00, {WHO} je napisao:",
        f"On 03. 03. 2026. 10:00, {NAME} wrote:",
        "-----Izvorna poruka-----",
    ),
    "sl": Language(
        ("Prosim, pošljite mi cenik za 20 mest.", "Koliko stane na mesec?"),
        f"V V tor., 3. mar. 2026 ob 10:00 je oseba {WHO} napisala:",
        "Od Poslano Za Zadeva",
        "torek, 3. marec 2026 10:00",
        "Poslano iz mojega iPhona",
        CENTRAL,
    ),
    "bg": Language(
        ("Моля, изпратете ми ценоразписа за 20 места.", "Колко струва на месец?"),
        f"На вт, 3.03.2026 г. в 10:00 {WHO} написа:",
        "От Изпратено До Тема",
        "вторник, 3 март 2026 г. 10:00",
        "Изпратено от моя iPhone",
        ("utf-8", "windows-1251"),
    ),
    "sr": Language(
        ("Молим вас, пошаљите ми ценовник за 20 места.", "Колико то кошта месечно?"),
        f"уто, 3. мар 2026. у 10:00 {WHO} је написао/ла:",
        "Од Послато За Наслов",
        "уторак, 3. март 2026. 10:00",
        "Послато са мог iPhone-а",
        ("utf-8", "windows-1251"),
    ),
    "et": Language(
        ("Palun saatke mulle hinnakiri 20 kohale.", "Kui palju see kuus maksab?"),
        f"Kuupäev T, 3. märts 2026 kell 10:00 kirjutas {WHO}:",
        "Saatja Saadetud Adressaat Teema",
        "teisipäev, 3. märts 2026 10:00",
        "Saadetud minu iPhone'ist",
        ("utf-8", "iso-8859-15", "windows-1257"),
    ),
    "lv": Language(
        ("Lūdzu, atsūtiet man cenrādi 20 vietām.", "Cik tas maksā mēnesī?"),
        f"otrd., 2026. g. 3. marts, plkst. 10:00 — lietotājs {NAME} (<{ADDRESS}>) rakstīja:",
        "No Nosūtīts Kam Tēma",
        "otrdiena, 2026. gada 3. marts 10:00",
        "Nosūtīts no mana iPhone",
        ("utf-8", "windows-1257"),
    ),
    "lt": Language(
        ("Atsiųskite man kainoraštį 20 vietų.", "Kiek tai kainuoja per mėnesį?"),
        f"2026-03-03, an, 10:00 {WHO} rašė:",
        "Nuo Išsiųsta Kam Tema",
        "2026 m. kovo 3 d. 10:00",
        "Išsiųsta iš mano „iPhone“",
        ("utf-8", "windows-1257"),
    ),
    "ca": Language(
        ("Envieu-me la llista de preus per a 20 llocs.", "Quant costa al mes?"),
        f"Missatge de {WHO} del dia dt., 3 de març 2026 a les 10:00:",
        "De|Enviat el|Per a|Assumpte",
        "dimarts, 3 de març de 2026 10:00",
        "Enviat des del meu iPhone",
        WESTERN,
        f"El 3 març 2026, a les 10:00, {WHO} va escriure:",
        f"El 3/3/26 a les 10:00, {NAME} ha escrit:",
    ),
    "is": Language(
        ("Sendið mér verðlistann fyrir 20 sæti.", "Hvað kostar þetta á mánuði?"),
        f"þri., 3. mar. 2026 kl. 10:00 skrifaði {WHO}:",
        "Frá Sent Til Efni",
        "þriðjudagur, 3. mars 2026 10:00",
        "Sent úr iPhone",
        WESTERN,
    ),
    "he": Language(
        ("אנא שלחו לי את המחירון עבור 20 מושבים.", "כמה זה עולה לחודש?"),
        f"\u202bבתאריך יום ג׳, 3 במרץ 2026 ב-10:00 מאת \u202a{NAME}\u202c\u200f"
        f" <\u202a{ADDRESS}\u202c\u200f>:\u202c",
        "מאת נשלח אל נושא",
        "יום שלישי 3 מרץ 2026 10:00",
        "נשלח מה-iPhone שלי",
        ("utf-8", "windows-1255"),
    ),
    "ar": Language(
        ("الرجاء إرسال قائمة الأسعار لعشرين مقعدًا.", "كم تكلفته في الشهر؟"),
        f"في الثلاثاء، 3 مارس 2026 في 10:00 ص تمت كتابة ما يلي بواسطة \u202a{NAME}\u202c\u200f"
        f" <\u202a{ADDRESS}\u202c\u200f>:",
        "من|تم الإرسال|إلى|الموضوع",
        "الثلاثاء، 3 مارس، 2026 10:00 ص",
        "تم الإرسال من iPhone الخاص بي",
        ("utf-8", "windows-1256"),
    ),
    "fa": Language(
        ("لطفا فهرست قیمت برای بیست نفر را بفرستید.", "هزینه ماهانه چقدر است؟"),
        f"در تاریخ سه‌شنبه ۳ مارس ۲۰۲۶، ۱۰:۰۰ {WHO} نوشت:",
        "از|ارسال شده|به|موضوع",
        "۳ مارس ۲۰۲۶ ۱۰:۰۰",
        "ارسال شده از iPhone من",
    ),
    "th": Language(
        ("กรุณาส่งรายการราคาสำหรับ 20 ที่นั่งให้ฉัน", "ค่าใช้จ่ายต่อเดือนเท่าไหร่?"),
        f"ในวันที่ อ. 3 มี.ค. 2026 เวลา 10:00 {WHO} เขียนว่า:",
        "จาก ส่ง ถึง เรื่อง",
        "วันอังคารที่ 3 มีนาคม 2026 10:00",
        "ส่งจาก iPhone ของฉัน",
        ("utf-8", "windows-874", "tis-620"),
    ),
    "hi": Language(
        ("कृपया मुझे 20 सीटों की मूल्य सूची भेजें।", "प्रति माह इसकी कीमत क्या है?"),
        f"मंगल, 3 मार्च 2026 को 10:00 am बजे को {WHO} ने लिखा:",
        "प्रेषक|भेजा गया|प्राप्तकर्ता|विषय",
        "मंगलवार, 3 मार्च 2026 10:00",
        "मेरे iPhone से भेजा गया",
    ),
    "id": Language(
        ("Tolong kirim daftar harga untuk 20 kursi.", "Berapa biayanya per bulan?"),
        f"Pada tanggal Sel, 3 Mar 2026 pukul 10.00 {WHO} menulis:",
        "Dari Dikirim Kepada Subjek",
        "Selasa, 3 Maret 2026 10:00",
        "Dikirim dari iPhone saya",
    ),
}

HISTORY = (
    "Hello Lea,",
    "",
    "have you seen the parcel desk? It costs zzold 15 euros.",
    "",
    "Kind regards",
    "Tom Weber",
)
OLDER = ("Hi Tom,", "", "zzolder words of a mail before that.")

NAMES = (
    NAME,
    "Weber, Tom",
    "Tom Weber (Acme)",
    "Tom Weber via Acme",
    "T. Weber | Acme GmbH",
    "Tóm Wébér",
    "Том Вебер",
    "魏湯姆",
)
ADDRESSES = (ADDRESS, "tom.weber+sales@mail.acme.example", "t_weber@acme-group.example")
TIMES = ("10:00", "09:07", "17:45", "23:59")
YEARS = ("2026", "2024", "2031", "2569")
EXTRAS = (
    "OK",
    "Yes!",
    "1. 20 seats\n2. 5 admins",
    "- seats: 20\n- admins: 5",
    "+1 \U0001f44d",
    "Our plan: https://lead.example/plan?x=1&y=2",
    "Budget: 10,000 euros\nStart: 3.4.2027\nSeats: 20",
    "Contact: Anna <anna@lead.example>\nStart: 3.4.2027\nSeats: 20",
    "From: Berlin\nTo: Munich\nDate: 3.4.2027\nSeats: 2",
    "See the -- rather long -- list of 3.3.2026.",
    "Ask anna@lead.example before 5.5.2027, she decides.",
    "Is it cheaper with > 50 seats?",
    "We use 20 iPhones and Outlook for iOS here, does it run there?",
    "Hi Tom,",
    "P.S. We moved: the office is in Munich now.",
    "On Monday we sent the contract to our lawyer, he wrote that it is fine.",
)
"""What people write in any language, some of it near to what programs write."""
BANNERS = (
    (
        "CAUTION: This email originated from outside of the organization. Do not click links or"
        " open attachments unless you recognize the sender and know the content is safe."
    ),
    "[EXTERNAL EMAIL] Use caution with links and attachments.",
    "ACHTUNG: Diese E-Mail stammt von einem externen Absender. Klicken Sie nicht auf Links.",
    "ATTENTION : ce message provient de l'extérieur. Ne cliquez pas sur les liens.",
    "OPREZ: Ova poruka dolazi izvan organizacije. Ne otvarajte privitke.",
    "Вы нечасто получаете письма от tom@acme.example. Узнайте, почему это важно",
    (
        "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\n"
        "This message came from outside your organization.\nZjQcmQRYFpfptBannerEnd"
    ),
    (
        "You don't often get email from tom@acme.example. Learn why this is important"
        " <https://aka.ms/LearnAboutSenderIdentification>"
    ),
)

PROGRAM_FOOTERS = (
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Télécharger Outlook pour Android<https://aka.ms/ghei36>",
    "Outlook für iOS<https://aka.ms/o0ukef> beziehen",
    "Obtener Outlook para iOS<https://aka.ms/o0ukef>",
    "Sent from Yahoo Mail on Android",
    "Sent from Proton Mail for iOS",
    "Gesendet mit der GMX Mail App",
    "Sent from my Galaxy",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Envoyé depuis l'application Mail Orange",
    "Sent from Mail for Windows",
    "Gesendet von Mail für Windows",
    "Sent from Outlook for Android",
    "Sent from my BlackBerry",
    "Envoyé à partir de Outlook pour Android",
    "Inviato da Libero Mail per Android",
    "Отправлено из мобильной Яндекс Почты",
)
SIGNATURES = (
    "-- \nLea Brandt\nHead of Sales\n+49 89 1234567\nwww.lead.example",
    "-- \nLea Brandt | Lead GmbH | lea@lead.example",
    "Best regards,\n\nLea Brandt\nLead GmbH\nPhone: +49 89 1234567",
    "Mit freundlichen Grüßen\nLea Brandt",
    "Cordialement,\nLea Brandt",
    "Met vriendelijke groet,\n\nLea Brandt\nT: +31 20 1234567",
    "Saludos,\nLea",
)
NOTICES = (
    (
        "This message and any attachments are confidential and intended solely for the addressee."
        " If you have received it in error, please delete it."
    ),
    (
        "Diese Nachricht ist vertraulich und nur für den Empfänger bestimmt. Sollten Sie sie"
        " irrtümlich erhalten haben, vernichten Sie sie bitte."
    ),
    "Esta mensagem é confidencial e destina-se exclusivamente ao seu destinatário.",
    "Ta wiadomość jest poufna i przeznaczona wyłącznie dla jej adresata.",
    "Это сообщение конфиденциально и предназначено только для указанного адресата.",
    "このメールには機密情報が含まれています。宛先に間違いがある場合は削除してください。",
)


def _labels(language: Language) -> list[str]:
    return language.labels.split("|") if "|" in language.labels else language.labels.split()


def _header_block(language: Language, mark: str = "{}:") -> list[str]:
    values = (WHO, language.date, "Lea Brandt <lea@lead.example>", "Offer")
    labels = (mark.format(label) for label in _labels(language))
    return [f"{label} {value}" for label, value in zip(labels, values, strict=True)]


def _quoted(lines: tuple[str, ...]) -> list[str]:
    return [f"> {line}".rstrip() for line in lines]


def _wrapped(attribution: str) -> list[str]:
    """As programs wrap a line that is longer than 76 characters."""
    return wrap(attribution, 76) if len(attribution) > 76 else [attribution]


Plain = Callable[[Language, random.Random], list[str] | None]


def _attributed(attribution: str | None, *, marked: bool) -> list[str] | None:
    if attribution is None:
        return None
    history = _quoted((*HISTORY, "", *(f"> {line}".rstrip() for line in OLDER)))
    return [*_wrapped(attribution), *(["", *history] if marked else ["", *HISTORY])]


PLAIN: dict[str, Plain] = {
    "gmail": lambda language, _: _attributed(language.gmail, marked=True),
    "gmail-unmarked": lambda language, _: _attributed(language.gmail, marked=False),
    "apple-mail": lambda language, _: _attributed(language.apple, marked=True),
    "iphone": lambda language, _: (
        None
        if language.apple is None
        else [language.phone, "", *(_attributed(language.apple, marked=True) or [])]
    ),
    "thunderbird": lambda language, _: _attributed(language.thunderbird, marked=True),
    "outlook": lambda language, _: ["", *_header_block(language), "", *HISTORY],
    "outlook-rule": lambda language, _: ["_" * 32, *_header_block(language), "", *HISTORY],
    "outlook-bold": lambda language, _: ["", *_header_block(language, "*{}:*"), "", *HISTORY],
    "outlook-mark": lambda language, _: (
        None if language.mark is None else [language.mark, *_header_block(language), "", *HISTORY]
    ),
    "yahoo": lambda _l, _r: [
        f"    On Tuesday, March 3, 2026 at 10:00:08 AM GMT+1, {WHO} wrote:  ",
        " ",
        *(f" {line}".rstrip() for line in HISTORY),
    ],
    "yahoo-de": lambda _l, _r: [
        f"    Am Dienstag, 3. März 2026 um 10:00:08 MEZ hat {WHO} Folgendes geschrieben:  ",
        " ",
        *(f" {line}".rstrip() for line in HISTORY),
    ],
    "proton": lambda _l, _r: [
        f"On Tuesday, March 3rd, 2026 at 10:00 AM, {WHO} wrote:",
        "",
        *_quoted(HISTORY),
    ],
    "zoho": lambda _l, _r: [
        f"---- On Tue, 03 Mar 2026 10:00:50 +0530 {WHO} wrote ---",
        "",
        *HISTORY,
    ],
    "gmx": lambda _l, _r: [
        "",
        "Gesendet: Dienstag, 3. März 2026 um 10:00 Uhr",
        f'Von: "{NAME}" <{ADDRESS}>',
        "An: lea@lead.example",
        "Betreff: Angebot",
        "",
        *HISTORY,
    ],
    "mail.ru": lambda _l, _r: [
        f"Вторник, 3 марта 2026, 10:00 +03:00 от {WHO}:",
        *_quoted(HISTORY),
    ],
    "yandex": lambda _l, _r: [f'03.03.2026, 10:00, "{NAME}" <{ADDRESS}>:', *_quoted(HISTORY)],
    "samsung": lambda _l, _r: [
        "",
        "-------- Original message --------",
        f"From: {WHO} ",
        "Date: 03/03/2026  10:00  (GMT+01:00) ",
        "To: lea@lead.example ",
        "Subject: Offer ",
        "",
        *HISTORY,
    ],
    "samsung-de": lambda _l, _r: [
        "-------- Ursprüngliche Nachricht --------",
        f"Von: {WHO} ",
        "Datum: 03.03.26 10:00 (GMT+01:00) ",
        "An: lea@lead.example ",
        "Betreff: Angebot ",
        "",
        *HISTORY,
    ],
    "163": lambda _l, _r: [
        f'At 2026-03-03 10:00:00, "{NAME}" <{ADDRESS}> wrote:',
        *_quoted(HISTORY),
    ],
    "163-zh": lambda _l, _r: [
        f'在 2026-03-03 10:00:00，"{NAME}" <{ADDRESS}> 写道：',
        *_quoted(HISTORY),
    ],
    "qq": lambda _l, _r: [
        "------------------&nbsp;原始邮件&nbsp;------------------".replace("&nbsp;", " "),
        f'发件人: "{NAME}" <{ADDRESS}>;',
        "发送时间: 2026年3月3日(星期二) 上午10:00",
        '收件人: "Lea"<lea@lead.example>;',
        "主题: 报价",
        "",
        *HISTORY,
    ],
    "roundcube": lambda _l, _r: [f"On 2026-03-03 10:00, {NAME} wrote:", *_quoted(HISTORY)],
    "mutt": lambda _l, _r: [
        f"On Tue, Mar 03, 2026 at 10:00:00AM +0100, {NAME} wrote:",
        *_quoted(HISTORY),
    ],
    "evolution": lambda _l, _r: [
        f"On Tue, 2026-03-03 at 10:00 +0100, {NAME} wrote:",
        *_quoted(HISTORY),
    ],
    "fastmail": lambda _l, _r: [
        f"On Tue, Mar 3, 2026, at 10:00 AM, {NAME} wrote:",
        *_quoted(HISTORY),
    ],
    "lotus-notes": lambda _l, _r: [
        f"From:   {WHO}",
        "To:     Lea Brandt <lea@lead.example>",
        "Date:   03.03.2026 10:00",
        "Subject:        Offer",
        "",
        *HISTORY,
    ],
    "spark": lambda _l, _r: [f"On Mar 3, 2026 at 10:00 AM +0100, {WHO}, wrote:", *_quoted(HISTORY)],
    "superhuman": lambda _l, _r: [
        f"On Tue, Mar 03, 2026 at 10:00 AM, {NAME} < {ADDRESS} > wrote:",
        "",
        *_quoted(HISTORY),
    ],
    "airmail": lambda _l, _r: [
        f"On March 3, 2026 at 10:00:00 AM, {NAME} ({ADDRESS}) wrote:",
        "",
        *HISTORY,
    ],
    "k-9": lambda _l, _r: [
        f"On March 3, 2026 10:00:00 AM GMT+01:00, {WHO} wrote:",
        *_quoted(HISTORY),
    ],
    "em-client": lambda _l, _r: [
        "------ Original Message ------",
        f'From: "{NAME}" <{ADDRESS}>',
        'To: "Lea Brandt" <lea@lead.example>',
        "Sent: 3/3/2026 10:00:00 AM",
        "Subject: Offer",
        "",
        *HISTORY,
    ],
    "em-client-9": lambda _l, _r: [
        "------ Original Message ------",
        f'From "{NAME}" <{ADDRESS}>',
        "To lea@lead.example",
        "Date 3/3/2026 10:00:00 AM",
        "Subject Offer",
        "",
        *HISTORY,
    ],
    "tutanota": lambda _l, _r: [f"3. März 2026, 10:00 von {ADDRESS}:", "", *_quoted(HISTORY)],
    "zimbra": lambda _l, _r: [
        f"----- On Mar 3, 2026, at 10:00 AM, {NAME} {ADDRESS} wrote:",
        "",
        *_quoted(HISTORY),
    ],
    "zimbra-fr": lambda _l, _r: [
        "----- Mail original -----",
        f'De: "{NAME}" <{ADDRESS}>',
        'À: "Lea Brandt" <lea@lead.example>',
        "Envoyé: Mardi 3 Mars 2026 10:00:00",
        "Objet: Offre",
        "",
        *HISTORY,
    ],
    "horde": lambda _l, _r: [f"Quoting {WHO}:", "", *_quoted(HISTORY)],
    "horde-de": lambda _l, _r: [f"Zitat von {WHO}:", "", *_quoted(HISTORY)],
    "gnus": lambda _l, _r: [f"{WHO} writes:", "", *_quoted(HISTORY)],
    "alot": lambda _l, _r: [f"Quoting {NAME} (2026-03-03 10:00:00)", *_quoted(HISTORY)],
    "proton-mark": lambda _l, _r: [
        "------- Original Message -------",
        f"On Tuesday, March 3rd, 2026 at 10:00 AM, {WHO} wrote:",
        "",
        *_quoted(HISTORY),
    ],
    "pine": lambda _l, _r: [f"On Tue, 3 Mar 2026, {NAME} wrote:", "", *_quoted(HISTORY)],
    "author-wrote": lambda _l, _r: [f"{NAME} wrote:", *_quoted(HISTORY)],
    "author-schrieb": lambda _l, _r: [f"{NAME} schrieb:", *_quoted(HISTORY)],
    "sogo": lambda _l, _r: [
        f"On Tuesday, March 03, 2026 10:00 CET, {WHO} wrote:",
        " ",
        *_quoted(HISTORY),
    ],
    "outlook-mac": lambda _l, _r: [
        "",
        f"From: {WHO}",
        "Date: Tuesday, 3 March 2026 at 10:00",
        "To: Lea Brandt <lea@lead.example>",
        "Cc: Anna <anna@lead.example>",
        "Subject: Offer",
        "",
        *HISTORY,
    ],
    "outlook-2003": lambda _l, _r: [
        "  _____  ",
        "",
        f"From: {NAME} [mailto:{ADDRESS}] ",
        "Sent: Tuesday, March 03, 2026 10:00 AM",
        "To: 'Lea Brandt'",
        "Subject: Offer",
        "",
        *HISTORY,
    ],
    "orange": lambda _l, _r: [
        "> Message du 03/03/26 10:00",
        f'> De : "{NAME}" <{ADDRESS}>',
        "> A : lea@lead.example",
        "> Copie à : ",
        "> Objet : Offre",
        "> ",
        *_quoted(HISTORY),
    ],
    "seznam": lambda _l, _r: [
        "---------- Původní e-mail ----------",
        f"Od: {WHO}",
        "Komu: lea@lead.example",
        "Datum: 3. 3. 2026 10:00:00",
        "Předmět: Nabídka",
        "",
        *HISTORY,
    ],
    "wp.pl": lambda _l, _r: [f"Dnia 3 marca 2026 10:00 {WHO} napisał(a):", "", *_quoted(HISTORY)],
    "onet": lambda _l, _r: [
        f"W dniu 2026-03-03 10:00:12 użytkownik {WHO} napisał:",
        *_quoted(HISTORY),
    ],
    "naver": lambda _l, _r: [
        "-----Original Message-----",
        f'From: "{NAME}"<{ADDRESS}> ',
        'To: "Lea"<lea@lead.example>; ',
        "Cc: ",
        "Sent: 2026-03-03 (화) 10:00:00 (GMT+09:00)",
        "Subject: Offer",
        "",
        *HISTORY,
    ],
    "fastmail-old": lambda _l, _r: [
        f"On Tue, 03 Mar 2026, at 10:00, {NAME} wrote:",
        *_quoted(HISTORY),
    ],
    "apple-forward": lambda _l, _r: [
        "Begin forwarded message:",
        "",
        f"From: {WHO}",
        "Subject: Offer",
        "Date: 3 March 2026 at 10:00:00 CET",
        "To: Lea Brandt <lea@lead.example>",
        "",
        *HISTORY,
    ],
    "none": lambda _l, _r: [],
}

GMAIL_QUOTE = (
    '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid'
    ' rgb(204,204,204);padding-left:1ex">'
)


def _html_lines(lines: tuple[str, ...] = HISTORY) -> str:
    return "".join(f"<div>{html.escape(line) or '<br>'}</div>\n" for line in lines)


def _html_block(language: Language, line_break: str = "<br>\n") -> str:
    values = (WHO, language.date, "Lea Brandt &lt;lea@lead.example&gt;", "Offer")
    return line_break.join(
        f"<b>{label}:</b> {html.escape(value) if value is WHO else value}"
        for label, value in zip(_labels(language), values, strict=True)
    )


def _gmail_html(language: Language) -> str:
    linked = html.escape(language.gmail).replace(
        html.escape(ADDRESS), f'<a href="mailto:{ADDRESS}">{ADDRESS}</a>', 1
    )
    return (
        '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{linked}<br></div>{GMAIL_QUOTE}{_html_lines()}</blockquote></div>"
    )


Html = Callable[[Language], str | None]

HTML: dict[str, Html] = {
    "gmail": _gmail_html,
    "outlook-web": lambda language: (
        '<div id="appendonsend"></div>\n<hr style="display:inline-block;width:98%" tabindex="-1">\n'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt"'
        f' color="#000000">{_html_block(language)}</font>\n<div>&nbsp;</div>\n</div>\n'
        f'<div class="BodyFragment">{_html_lines()}</div>'
    ),
    "outlook-desktop": lambda language: (
        "<div>\n"
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">\n'
        f'<p class="MsoNormal">{_html_block(language)}<o:p></o:p></p>\n</div>\n</div>\n'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{_html_lines()}'
    ),
    "outlook-2007": lambda language: (
        "<div style='border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
        f"<p class=MsoNormal>{_html_block(language)}<o:p></o:p></p></div>{_html_lines()}"
    ),
    "outlook-mobile": lambda language: (
        '<div id="ms-outlook-mobile-signature"><div><br></div>'
        'Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div>\n'
        '<div id="mail-editor-reference-message-container"'
        ' class="ms-outlook-mobile-reference-message">'
        '<hr style="display:inline-block;width:98%" tabindex="-1">'
        '<div id="divRplyFwdMsg" dir="ltr">'
        f"{_html_block(language)}</div>{_html_lines()}</div>"
    ),
    "windows-mail": lambda language: (
        '<div data-signatureblock="true"><div><br></div></div><div style="padding-top: 5px;'
        ' border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;">'
        f'<div>{_html_block(language)}</div></div><div><br></div><div dir="">{_html_lines()}</div>'
    ),
    "apple-mail": lambda language: (
        None
        if language.apple is None
        else '<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>'
        f'{html.escape(language.apple)}</div><br class="Apple-interchange-newline"><div>'
        f"{_html_lines()}</div></blockquote></div><br>"
    ),
    "iphone": lambda language: (
        None
        if language.apple is None
        else f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{language.phone}</div>'
        f'<div dir="ltr"><br><blockquote type="cite">{html.escape(language.apple)}<br><br>'
        '</blockquote></div><blockquote type="cite">'
        f'<div dir="ltr">{_html_lines()}</div></blockquote>'
    ),
    "thunderbird": lambda language: (
        None
        if language.thunderbird is None
        else f'<div class="moz-cite-prefix">{html.escape(language.thunderbird)}<br></div>\n'
        f'<blockquote type="cite" cite="mid:x@acme.example"><p>{_html_lines()}</p></blockquote>'
    ),
    "yahoo": lambda _: (
        '<div id="ydp1f2e3d4cyahoo_quoted_1234567890" class="ydp1f2e3d4cyahoo_quoted"><div>\n'
        "<div>\n"
        f"On Tuesday, March 3, 2026 at 10:00:08 AM GMT+1, {html.escape(WHO)} wrote:\n</div>"
        f"<div><br></div>{_html_lines()}</div></div>"
    ),
    "proton": lambda _: (
        '<div class="protonmail_quote">On Tuesday, March 3rd, 2026 at 10:00 AM,'
        f' {html.escape(WHO)} wrote:<br><blockquote class="protonmail_quote" type="cite">'
        f"{_html_lines()}</blockquote><br></div>"
    ),
    "zoho": lambda _: (
        '<div class="zmail_extra_hr"'
        ' style="border-top: 1px solid rgb(204, 204, 204); height: 0px;">'
        f'<br></div><div class="zmail_extra"><div><br></div>---- On Tue, 03 Mar 2026 10:00:50 +0530'
        f" <b>{html.escape(WHO)}</b> wrote ---<div><br></div>"
        f'<blockquote id="blockquote_zmail">{_html_lines()}</blockquote></div>'
    ),
    "zimbra": lambda language: (
        '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
        f'{_html_block(language)}</div><div data-marker="__QUOTED_TEXT__">{_html_lines()}</div>'
    ),
    "mail.ru": lambda _: (
        f"<br>Вторник, 3 марта 2026, 10:00 +03:00 от {html.escape(WHO)}:<br>"
        '<blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">'
        f'<div class="js-helper js-readmsg-msg">{_html_lines()}</div></blockquote>'
    ),
    "qq": lambda _: (
        '<div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">'
        '------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size: 12px;'
        f'background:#efefef;padding:8px;"><div><b>发件人:</b>&nbsp;"{NAME}"&lt;{ADDRESS}&gt;;</div>'
        "<div><b>发送时间:</b>&nbsp;2026年3月3日(星期二) 上午10:00</div><div><b>收件人:</b>&nbsp;"
        f'"Lea"&lt;lea@lead.example&gt;;</div></div><div><br></div>{_html_lines()}'
    ),
    "gmx": lambda _: (
        '<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px;'
        ' border-left:2px solid #C3D9E5;"><div style="margin:0 0 10px 0;">'
        "<b>Gesendet:</b>&nbsp;Dienstag, 3. März 2026 um 10:00 Uhr<br/><b>Von:</b>&nbsp;"
        f'"{NAME}" &lt;{ADDRESS}&gt;<br/><b>An:</b>&nbsp;lea@lead.example<br/><b>Betreff:</b>'
        f'&nbsp;Angebot</div><div name="quoted-content">{_html_lines()}</div></div>'
    ),
    "none": lambda _: "",
}


def _html_words(words: str, program: str) -> str:
    paragraphs = words.split("\n\n")
    if program.startswith("outlook-desktop") or program == "outlook-2007":
        blank = '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        return blank.join(
            f'<p class="MsoNormal">{html.escape(part)}<o:p></o:p></p>'.replace("\n", "<br>")
            for part in paragraphs
        )
    return "<div><br></div>".join(
        "".join(f"<div>{html.escape(line)}</div>" for line in part.split("\n"))
        for part in paragraphs
    )


def _footer(rng: random.Random, language: Language) -> tuple[str, str]:
    kind = rng.choice(("none", "none", "phone", "program", "signature", "notice"))
    match kind:
        case "phone":
            return kind, language.phone
        case "program":
            return kind, rng.choice(PROGRAM_FOOTERS)
        case "signature":
            return kind, rng.choice(SIGNATURES)
        case "notice":
            return kind, rng.choice(NOTICES)
        case _:
            return kind, ""


def _words(rng: random.Random, language: Language) -> str:
    count = rng.randint(1, min(3, len(language.sentences)))
    paragraphs = rng.sample(language.sentences, count)
    if rng.random() < 0.4:
        paragraphs.insert(rng.randint(0, count), rng.choice(EXTRAS))
    if rng.random() < 0.2:
        paragraphs[0] = f"{paragraphs[0]}\n{rng.choice(language.sentences)}"
    return "\n\n".join(paragraphs)


def _varied(history: str, rng: random.Random) -> str:
    """Return a history with another sender and another time."""
    for old, new in ((NAME, NAMES), (ADDRESS, ADDRESSES), ("10:00", TIMES), ("2026", YEARS)):
        history = history.replace(old, rng.choice(new))
    return history


def _encoded(text: str, charset: str, encoding: str) -> str:
    data_codec = WRITTEN_AS.get(charset, charset)
    data = text.replace("\n", "\r\n").encode(data_codec)
    if encoding == "8bit":
        return data.decode("latin-1")
    if encoding == "base64":
        return base64.encodebytes(data).decode("ascii")
    return quopri.encodestring(data).decode("ascii")


def _part(kind: str, text: str, charset: str, encoding: str) -> str:
    return (
        f"Content-Type: text/{kind}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n{_encoded(text, charset, encoding)}"
    )


def _fits(text: str, charset: str) -> bool:
    try:
        _encoded(text, charset, "base64")
    except UnicodeEncodeError:
        return False
    return True


def replies(count: int, seed: int) -> Iterator[Reply]:
    """Yield `count` replies, the same ones for the same seed."""
    rng = random.Random(seed)  # noqa: S311 — no secret
    made = 0
    while made < count:
        reply = _reply(rng)
        if reply is not None:
            made += 1
            yield reply


def _reply(rng: random.Random) -> Reply | None:
    tag, language = rng.choice(list(LANGUAGES.items()))
    form = rng.choice(("plain", "html", "alternative"))
    program = rng.choice(list(PLAIN if form == "plain" else HTML))
    words = _words(rng, language)
    footer_kind, footer = _footer(rng, language)
    quoted = PLAIN[program](language, rng) if form == "plain" else HTML[program](language)
    if quoted is None:
        return None
    placement = "top"
    if form == "plain" and quoted and quoted[-1].startswith(">") and rng.random() < 0.15:
        placement = "bottom"
    banner = rng.choice(BANNERS) if rng.random() < 0.1 else ""
    if form == "plain":
        history = _varied("\n".join(quoted), rng)
        typed = "\n\n".join(filter(None, (banner, words, footer)))
        order = (history, typed) if placement == "bottom" else (typed, history)
        whole = "\n\n".join(order) + "\n"
    else:
        above = f"<div>{html.escape(banner)}</div><div><br></div>" if banner else ""
        below = "<div><br></div>" + _html_lines(tuple(footer.split("\n"))) if footer else ""
        whole = (
            f"<html><head></head><body>{above}{_html_words(words, program)}{below}"
            f"{_varied(str(quoted), rng)}</body></html>"
        )
    charsets = [name for name in language.charsets if _fits(whole + words, name)] or ["utf-8"]
    charset = rng.choice(charsets)
    encoding = rng.choice(("base64", "quoted-printable", "8bit"))
    extra = "banner" if banner else "-"
    kind = "/".join((program, tag, form, charset, encoding, placement, footer_kind, extra))
    return Reply(kind=kind, raw_email=_mail(form, whole, words, charset, encoding), words=words)


def _mail(form: str, whole: str, words: str, charset: str, encoding: str) -> str:
    head = (
        f"From: Lea Brandt <lea@lead.example>\r\nTo: {WHO}\r\nSubject: Re: Offer\r\n"
        "MIME-Version: 1.0\r\n"
    )
    if form == "plain":
        return head + _part("plain", whole, charset, encoding)
    if form == "html":
        return head + _part("html", whole, charset, encoding)
    boundary = "=-b1_4711"
    return (
        f'{head}Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\n{_part('plain', words, charset, encoding)}\r\n"
        f"--{boundary}\r\n{_part('html', whole, charset, encoding)}\r\n--{boundary}--\r\n"
    )
