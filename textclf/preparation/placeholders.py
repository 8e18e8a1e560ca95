"""Steps that put a plain word in the place of an amount of money, a date or another number.

The words are in every checkpoint's vocabulary, so no method needs new tokens. The patterns are for English. Their
precision and recall on texts that were marked by hand stand in docs/robustness.md.
"""

import re

AMOUNT, DATE, NUMBER = "amount", "date", "number"

DIGITS = r"\d+(?:[.,]\d+)*"
TIMES = r"(?:\s?(?:k|m|mio|million|thousand|hundred))?"
FIGURES = rf"{DIGITS}{TIMES}"
SPELLED = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|(?:a\s+)?(?:hundred|thousand|million)|a\s+few|a\s+couple(?:\s+of)?)(?:[\s-](?:hundred|thousand|million))?"
)
SIGNS = r"[$£€¥₹₽₩₪₺]"
CODES = r"(?:usd|eur|gbp|aud|cad|nzd|chf|jpy|inr|rub|pln|sek|nok|dkk|czk|huf|cny|hkd|sgd|zar|try|brl|mxn)"
UNITS = (
    r"(?:(?:us|american|australian|canadian|hong\s+kong)\s+)?(?:dollars?|bucks?|euros?|pounds?(?:\s+sterling)?|quid|cents?|pence|"
    r"rupees?|yen|yuan|rubles?|roubles?|francs?|pesos?|kron(?:a|e|er|or)|z[lł]oty(?:s|ch)?)"
)
# Figures before a unit are read once, as a whole and from their start, or "1,1,1,1" would take quadratic time.
AMOUNTS = re.compile(
    rf"(?:\b(?:us|au|ca|hk|nz|a|c)(?=\$))?{SIGNS}\s?{FIGURES}\b(?:\s?{CODES}\b)?"
    rf"|\b(?<!\d[.,])(?>{DIGITS}){TIMES}\s?(?:{SIGNS}|{CODES}\b|{UNITS}\b)"
    rf"|\b{CODES}\s?{FIGURES}\b"
    rf"|\b(?:{SPELLED}|an?)\s{UNITS}\b",
    re.IGNORECASE,
)

MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
MONTHS_ALONE = r"(?:january|february|april|june|july|august|september|october|november|december)"
DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
YEAR = r"(?:19|20)\d\d"
WEEKDAYS = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?)"
DATES = re.compile(
    rf"\b{YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
    rf"|(?<![\d.,/-])\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d\d)\b(?![.,/-]?\d)"
    rf"|(?<![\d.,/-])(?!24/7\b)(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])\b(?![.,/-]?\d)"
    rf"|\b(?:the\s+)?{DAY}\s+(?:of\s+)?{MONTHS}(?:,?\s+{YEAR}\b)?"
    rf"|\b{MONTHS}\s+(?:the\s+)?(?:{DAY}\b(?!\s?(?:{UNITS}|%))(?:,?\s+{YEAR}\b)?|{YEAR}\b)"
    rf"|\bthe\s+(?:[12]?1st|2?2nd|2?3rd|\d{{1,2}}th)\b(?=\s*(?:$|[.,;:!?)]|(?:of|and|but|i|it|when|so)\b))"
    rf"|(?<=\bin\s){YEAR}\b"
    rf"|\b(?:{WEEKDAYS}|{MONTHS_ALONE})\b",
    re.IGNORECASE,
)

NUMBERS = re.compile(r"(?<![\w.])[+-]?\d+(?:[.,:/-]\d+)*(?!\w)")


def replace_amounts(text: str) -> str:
    """Return `text` with the word `amount` for each amount of money.

    >>> replace_amounts("I paid £12.50 and 20 euros, twice")
    'I paid amount and amount, twice'
    """
    return AMOUNTS.sub(AMOUNT, text)


def replace_dates(text: str) -> str:
    """Return `text` with the word `date` for each date, weekday or month; `yesterday` and the like stay.

    >>> replace_dates("sent on Friday, May 5th 2023, and again on 12/06/2023")
    'sent on date, date, and again on date'
    """
    return DATES.sub(DATE, text)


def replace_numbers(text: str) -> str:
    """Return `text` with the word `number` for each number in figures; `2nd` and `4G` stay.

    >>> replace_numbers("order 4711-22 is 3 days late, the 2nd time")
    'order number is number days late, the 2nd time'
    """
    return NUMBERS.sub(NUMBER, text)
