"""Customers by number: names in several scripts, some of them everywhere and one almost nowhere."""

COMMON = "anna"  # Part of about one name in twenty.
RARE = "wrzesniewski"  # One customer in a hundred thousand.
RARE_NAME = "Zbigniew Wrzesniewski"
RARE_EVERY, RARE_FIRST = 100_000, 6  # The first of them buys in the very first file.

_LATIN = (
    "Anna Maria James Emma Michael Sophie David Laura Daniel Sarah Thomas Julia Peter Hannah Robert Johanna Paul Marta "
    "Lukas Elena Simon Clara Martin Nora Felix Alice Jonas Ida Oliver Greta Henry Ella Oscar Mila Arthur Zoé Hugo Inês "
    "Søren Åsa Jürgen Chloë",
    "Smith Müller Schmidt Jones Fischer Taylor Weber Brown Wagner Davies Becker Evans Schulz Wilson Hoffmann Thomas "
    "Koch Roberts Bauer Johnson Richter Lewis Klein Walker Wolf Robinson Neumann Wood Schwarz Thompson Zimmermann "
    "White Braun Watson Krüger Jackson Hofmann Wright Hartmann Green Lange Harris Schmitt Cooper Werner King Krause "
    "Lee Meier Martin Lehmann Clarke Köhler Hughes",
)
_AZERBAIJANI = (
    "Nigar Elçin Leyla Orxan Aygün Rəşad Günel Tural Səbinə Vüqar Könül Əli Zəhra Kənan",
    "Əliyev Məmmədova Həsənov Hüseynova Quliyev İsmayılova Rəhimov Abbasova Cəfərov Nəsirova",
)
_CYRILLIC = (
    "Анна Иван Мария Дмитрий Ольга Сергей Екатерина Алексей Наталья Михаил Татьяна Андрей",
    "Иванова Смирнов Кузнецова Попов Васильева Петров Соколова Михайлов Новикова Фёдоров",
)
_KOREAN = (
    "민준 서연 지우 하은 도윤 서준 예은 지호 수아 현우 지민 은서 준영 다은 태윤 유진 성민 채원",
    "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황",
)
_THAI = (
    "สมชาย สุดา อนันต์ มาลี ประเสริฐ วิไล ธนา กมล ณัฐ ศิริพร",
    "ใจดี ศรีสุข ทองดี แสงทอง รักไทย บุญมี วงศ์สวัสดิ์ พงษ์ไพร",
)
_JAPANESE = (
    "陽菜 蓮 結衣 大翔 葵 湊 さくら 悠真 美咲 健太",
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤",
)
_SCRIPTS = [
    (tuple(given.split()), tuple(family.split()), order)
    for (given, family), order in (
        (_LATIN, "{given} {family}"),
        (_KOREAN, "{family}{given}"),
        (_THAI, "{given} {family}"),
        (_CYRILLIC, "{given} {family}"),
        (_AZERBAIJANI, "{given} {family}"),
        (_JAPANESE, "{family} {given}"),
    )
]
_SHARES = (0,) * 60 + (1,) * 15 + (2,) * 8 + (3,) * 7 + (4,) * 5 + (5,) * 5  # In a hundred.


def name_of(number: int) -> str:
    """Answer a customer's name; the number at its end tells people of one name apart."""
    if number % RARE_EVERY == RARE_FIRST:
        return f"{RARE_NAME} {number}"
    mixed = (number * 0x9E3779B97F4A7C15 + 0x7F4A7C15) % (1 << 64)
    given, family, order = _SCRIPTS[_SHARES[(mixed >> 40) % 100]]
    # The product of two draws favours the first names of a list.
    first = ((mixed >> 8) % 1_000) * ((mixed >> 20) % 1_000) * len(given) // 1_000_000
    last = (mixed >> 48) % len(family)
    return f"{order.format(given=given[first], family=family[last])} {number}"
