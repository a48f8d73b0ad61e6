"""What mail programs, companies and habit put under the words of a reply."""

import re

MAX_LINE_CHARS = 400
MAX_SIGNATURE_LINES = 15
"""Without a phone number, address or link among them; a longer block is no signature."""

_DELIMITER = re.compile(r"(?:--|—|–)\s*$")
"""RFC 3676 §4.3, and what editors make of it."""
_RULE = re.compile(r"[\s*_=~#—–-]*$")
_DEVICE = re.compile(
    r"(?:sent (?:from|with|via)|get outlook for|gesendet (?:von|mit)|outlook für"
    r"|envoyé (?:de(?:puis)?|à partir de)|télécharger outlook|enviado desde|enviado (?:do|a partir)"
    r"|obtener outlook|inviato da|verzonden vana|skickat från|sendt fra|wysłan[eo] z|отправлено с"
    r"|von meine[mr] \S+(?: \S+)? (?:gesendet|versendet))\b[^.!?;,]*(?:[<(\[]?https?://\S+)?$",
    re.IGNORECASE,
)
_MAX_DEVICE_WORDS = 10
_DASHED_NAME = re.compile(r"(?:-|[—–~]\s?)(?=\S)")
_REGARDS = (
    r"(?:(?:with |my |many |very )?(?:best|kind|kindest|warm|warmest|friendly)? ?"
    r"(?:regards|wishes|greetings)|best|all the best|sincerely|(?:yours|very) (?:sincerely|truly"
    r"|faithfully)|sincerely yours|cordially|respectfully|rgds|br|kr"
    r"|(?:mit )?(?:freundliche[nm]?|beste[nm]?|herzliche[nm]?|liebe[nm]?|viele[nm]?|schöne[nm]?) "
    r"gr(?:ü|ue)(?:ß|ss)(?:e|en)?(?: aus \S+)?|gr(?:u|ü|ue)(?:ß|ss)e?|lg|vg|mfg|hochachtungsvoll"
    r"|(?:bien )?cordialement|bien à vous|sincères salutations|salutations|un saludo"
    r"|(?:saludos|cordiales saludos)(?: cordiales)?|atentamente|(?:cordiali |distinti )?saluti"
    r"|atenciosamente|(?:com os melhores )?cumprimentos|abraços|met vriendelijke groet(?:en)?"
    r"|(?:hartelijke )?groet(?:en|jes)?|mvg|med vänliga? hälsning(?:ar)?|hälsningar|mvh"
    r"|(?:med )?(?:venlig|vennlig) hilsen|pozdrawiam|z poważaniem)"
)
_THANKS = (
    r"(?:(?:many )?thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|obrigad[oa]"
    r"|bedankt|tack|have a (?:nice|great|good|lovely) \w+|(?:speak|talk) soon)"
    r"(?: so much| very much| a lot| again| in advance| im voraus)?"
    r"(?: (?:and|&|und|et|y|e|en) [^,.!?]{1,40})?"
)
_CLOSING = re.compile(
    rf"\s*[*_]*(?:(?P<regards>{_REGARDS})|{_THANKS})[*_]*\s*(?:[,.!]+\s*(?P<name>\S.*)?)?$",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:(?:dr|prof|mr|mrs|ms|i\. ?[av])\.? ?){0,2}(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*"  # noqa: RUF001
    r"|von|van|de|der|den|di|da|del|la|le|al|bin|y)(?: (?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*"  # noqa: RUF001
    r"|von|van|de|der|den|di|da|del|la|le|al|bin|y|&)){0,4}$|[a-zß-öø-ÿ]{2,12}$"
)
