"""What the customer's page says, in every language it speaks: one table, a row for each message.

Counts stand after a colon or beside a counter word, so that no message needs a plural form.
"""

from unicodedata import bidirectional

import attrs

from stampledger.errors import InvalidInput


@attrs.frozen
class Language:
    """A language the page speaks."""

    tag: str  # For the lang attribute of HTML.
    direction: str = "ltr"


LANGUAGES = {
    "en": Language("en"),
    "ko": Language("ko"),
    "th": Language("th"),
    "az": Language("az-Arab", "rtl"),  # South Azerbaijani, in the Arabic script.
    "de": Language("de"),
}
DEFAULT_LANGUAGE = "en"

_ALIASES = {"azb": "az"}
_OWN_WORDS = {"at", "date", "time"}  # Placeholders that are filled in the page's own language.

MESSAGES: dict[str, dict[str, str]] = {
    # The scan.
    "stamps_added": {
        "en": "Stamps added: {count}",
        "ko": "적립된 스탬프: {count}개",
        "th": "เพิ่มแสตมป์แล้ว: {count} ดวง",
        "az": "علاوه اولونان مؤهورلر: {count}",
        "de": "Stempel hinzugefügt: {count}",
    },
    "stamps_voided": {
        "en": "Stamps taken back: {count}",
        "ko": "취소된 스탬프: {count}개",
        "th": "ยกเลิกแสตมป์แล้ว: {count} ดวง",
        "az": "گئری آلینان مؤهورلر: {count}",
        "de": "Stempel zurückgenommen: {count}",
    },
    "redeemed": {
        "en": "Redeemed: {reward}",
        "ko": "사용 완료: {reward}",
        "th": "แลกใช้แล้ว: {reward}",
        "az": "ایستیفاده اولوندو: {reward}",
        "de": "Eingelöst: {reward}",
    },
    "refused": {
        "en": "No stamp was added",
        "ko": "스탬프가 적립되지 않았습니다",
        "th": "ไม่ได้เพิ่มแสตมป์",
        "az": "مؤهور علاوه اولونمادی",
        "de": "Es wurde kein Stempel hinzugefügt",
    },
    "retry": {
        "en": "Try again from: {at}",
        "ko": "다시 시도 가능: {at}부터",
        "th": "ลองใหม่ได้ตั้งแต่: {at}",
        "az": "بو واختدان یئنیدن یوخلایین: {at}",
        "de": "Wieder möglich ab: {at}",
    },
    "unlocked_voucher": {
        "en": "Congratulations! You've unlocked your voucher!",
        "ko": "축하합니다! 바우처를 받으셨습니다!",
        "th": "ยินดีด้วย! คุณได้รับบัตรกำนัลแล้ว!",
        "az": "تبریکلر! ووچرینیزی قازاندینیز!",
        "de": "Herzlichen Glückwunsch! Sie haben Ihren Gutschein freigeschaltet!",
    },
    "unlocked_lottery": {
        "en": "Congratulations! You've unlocked a prize draw!",
        "ko": "축하합니다! 추첨 기회를 받으셨습니다!",
        "th": "ยินดีด้วย! คุณได้รับสิทธิ์ลุ้นรางวัลแล้ว!",
        "az": "تبریکلر! قرعه‌کئشلیک حاقی قازاندینیز!",
        "de": "Herzlichen Glückwunsch! Sie haben eine Verlosung freigeschaltet!",
    },
    "unlocked_award": {
        "en": "Congratulations! You've unlocked your reward!",
        "ko": "축하합니다! 보상을 받으셨습니다!",
        "th": "ยินดีด้วย! คุณได้รับรางวัลแล้ว!",
        "az": "تبریکلر! موکافاتینیزی قازاندینیز!",
        "de": "Herzlichen Glückwunsch! Sie haben Ihre Prämie freigeschaltet!",
    },
    # The card.
    "progress": {
        "en": "Stamps: {stamps} of {required}",
        "ko": "스탬프: {required}개 중 {stamps}개",
        "th": "แสตมป์: {stamps} จาก {required} ดวง",
        "az": "مؤهورلر: {required}-دن {stamps}",
        "de": "Stempel: {stamps} von {required}",
    },
    "next_reward": {
        "en": "Next reward: {reward} ({count} to go)",
        "ko": "다음 보상: {reward} ({count}개 남음)",
        "th": "รางวัลถัดไป: {reward} (อีก {count} ดวง)",
        "az": "سونراکی موکافات: {reward} ({count} مؤهور قالیب)",
        "de": "Nächste Prämie: {reward} (noch {count})",
    },
    "card_held": {
        "en": "Your card is full. Use your reward to start again.",
        "ko": "카드가 가득 찼습니다. 보상을 사용하면 다시 시작됩니다.",
        "th": "การ์ดของคุณเต็มแล้ว ใช้รางวัลเพื่อเริ่มสะสมใหม่",
        "az": "کارتینیز دولوب. یئنیدن باشلاماق اوچون موکافاتینیزدان ایستیفاده ائدین.",
        "de": "Ihre Karte ist voll. Lösen Sie Ihre Prämie ein, um neu zu beginnen.",
    },
    "card_closed": {
        "en": "Your card is complete.",
        "ko": "카드를 모두 채우셨습니다.",
        "th": "การ์ดของคุณครบแล้ว",
        "az": "کارتینیز تاماملانیب.",
        "de": "Ihre Karte ist vollständig.",
    },
    "card_expired": {
        "en": "This card has expired.",
        "ko": "유효 기간이 지난 카드입니다.",
        "th": "การ์ดนี้หมดอายุแล้ว",
        "az": "بو کارتین واختی کئچیب.",
        "de": "Diese Karte ist abgelaufen.",
    },
    "card_deleted": {
        "en": "This card is no longer in use.",
        "ko": "더 이상 사용되지 않는 카드입니다.",
        "th": "การ์ดนี้ไม่ได้ใช้งานแล้ว",
        "az": "بو کارت داها ایشلنمیر.",
        "de": "Diese Karte wird nicht mehr verwendet.",
    },
    # Rewards.
    "rewards": {
        "en": "Your rewards",
        "ko": "내 보상",
        "th": "รางวัลของคุณ",
        "az": "موکافاتلارینیز",
        "de": "Ihre Prämien",
    },
    "more_rewards": {
        "en": "Earlier rewards not shown: {count}",
        "ko": "표시되지 않은 이전 보상: {count}개",
        "th": "รางวัลก่อนหน้าที่ไม่ได้แสดง: {count}",
        "az": "گؤستریلمه‌ین اوّلکی موکافاتلار: {count}",
        "de": "Frühere Prämien, nicht angezeigt: {count}",
    },
    "redeem_code": {
        "en": "Redeem code",
        "ko": "사용 코드",
        "th": "รหัสแลกรับ",
        "az": "ایستیفاده کودو",
        "de": "Einlösecode",
    },
    "redeemed_at": {
        "en": "Redeemed at: {at}",
        "ko": "사용 일시: {at}",
        "th": "แลกใช้เมื่อ: {at}",
        "az": "ایستیفاده تاریخی: {at}",
        "de": "Eingelöst am: {at}",
    },
    "valid_until": {
        "en": "Valid until: {at}",
        "ko": "유효 기간: {at}까지",
        "th": "ใช้ได้ถึง: {at}",
        "az": "سون اعتبار تاریخی: {at}",
        "de": "Gültig bis: {at}",
    },
    "valid_always": {
        "en": "Valid without limit",
        "ko": "유효 기간 제한 없음",
        "th": "ไม่มีวันหมดอายุ",
        "az": "مدت محدودیتی یوخدور",
        "de": "Unbegrenzt gültig",
    },
    "expired_at": {
        "en": "Expired: {at}",
        "ko": "만료: {at}",
        "th": "หมดอายุเมื่อ: {at}",
        "az": "واختی کئچیب: {at}",
        "de": "Abgelaufen: {at}",
    },
    "voided": {
        "en": "Taken back",
        "ko": "취소됨",
        "th": "ถูกยกเลิก",
        "az": "گئری آلینیب",
        "de": "Zurückgenommen",
    },
    "granted_at": {
        "en": "Won: {at}",
        "ko": "획득: {at}",
        "th": "ได้รับเมื่อ: {at}",
        "az": "قازانیلدی: {at}",
        "de": "Gewonnen: {at}",
    },
    "lottery_ready": {
        "en": "Ready to be drawn",
        "ko": "추첨 가능",
        "th": "พร้อมลุ้นรางวัล",
        "az": "قرعه اوچون حاضیر",
        "de": "Bereit zur Ziehung",
    },
    "lottery_outcome": {
        "en": "Result: {outcome}",
        "ko": "결과: {outcome}",
        "th": "ผลรางวัล: {outcome}",
        "az": "نتیجه: {outcome}",
        "de": "Ergebnis: {outcome}",
    },
    # The page.
    "footer": {
        "en": "Every stamp counts.",
        "ko": "스탬프 하나하나가 소중합니다.",
        "th": "ทุกแสตมป์มีความหมาย",
        "az": "هر مؤهور اؤنملیدیر.",
        "de": "Jeder Stempel zählt.",
    },
    "as_of": {
        "en": "As of: {at}",
        "ko": "기준: {at}",
        "th": "ข้อมูล ณ: {at}",
        "az": "بو واختا گؤره: {at}",
        "de": "Stand: {at}",
    },
    "date_time": {
        "en": "{date}, {time}",
        "ko": "{date} {time}",
        "th": "{date} {time} น.",
        "az": "{date}، {time}",
        "de": "{date}, {time} Uhr",
    },
}


def say(lang: str, message: str, **values: object) -> str:
    """Answer a message in a language; text put into it keeps its own direction and does not disturb the rest."""
    shown = {name: value if name in _OWN_WORDS else _isolated(value, lang) for name, value in values.items()}
    return MESSAGES[message][lang].format(**shown)


def _isolated(value: object, lang: str) -> object:
    """Put text between the marks that isolate its direction, wherever right-to-left letters are about."""
    if not isinstance(value, str):
        return value
    mixed = LANGUAGES[lang].direction == "rtl" or any(bidirectional(letter) in ("R", "AL") for letter in value)
    return f"\N{FIRST STRONG ISOLATE}{value}\N{POP DIRECTIONAL ISOLATE}" if mixed else value


def known_language(tag: object) -> str | None:
    """Answer which of our languages a tag such as ko, KO or ko-KR means; None where it means none."""
    if not isinstance(tag, str):
        return None
    primary = tag.replace("_", "-").split("-")[0].lower()
    lang = _ALIASES.get(primary, primary)
    return lang if lang in LANGUAGES else None


def language(tag: object) -> str:
    """Answer which of our languages a tag means.

    Raises:
        InvalidInput: The page does not speak it.
    """
    lang = known_language(tag)
    if lang is None:
        raise InvalidInput("lang", tag, f"must be one of {', '.join(LANGUAGES)}")
    return lang
