"""
A small deterministic day, written down once: the Journal it made, byte for byte, as JSON lines.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from stampledger import (
    AfterLastGoal,
    BirthdayGift,
    Brand,
    CardTemplate,
    Goal,
    Limits,
    Refused,
    Voucher,
)
from tests.ledger.shop import AGAIN_DRAW, CAKE, CAKE_DRAW, COFFEE, LUCK, TOPPING_DRAW, Shop, the

DAY = Path(__file__).parent / "day.jsonl"

COFFEE_CARD = CardTemplate(
    name="Free Coffee",
    goals=(Goal(stamps=3, reward=LUCK), Goal(stamps=6, reward=COFFEE)),
    birthday=BirthdayGift(reward=CAKE, stamps=1),
    limits=Limits(per_day=7),
)
HELD_CARD = CardTemplate(
    name="Held",
    goals=(Goal(stamps=2, reward=Voucher(title="Today only", valid_for=timedelta(hours=5))),),
    after_last_goal=AfterLastGoal.HOLD,
    stamps_valid_for=timedelta(days=1),
    card_valid_for=timedelta(days=20),
)


def live(shop: Shop) -> None:
    """Let the day happen."""
    ledger, wait = shop.ledger, shop.clock.wait
    ledger.set_brand(Brand(name="Blue Cup", time_zone="Europe/Berlin"))
    ledger.publish_template("coffee", COFFEE_CARD, actor="boss")
    ledger.publish_template("held", HELD_CARD, actor="boss")
    anna = ledger.register_customer(name="Anna", email="anna@example.com", birthday=date(1992, 2, 29), reference="A-1")
    bo = ledger.register_customer(name="Bo")
    card = the(ledger.issue_card("coffee", customer=anna).subject)
    held = the(ledger.issue_card("held", customer=bo).subject)
    ledger.save_to_wallet(card, "apple")
    wait(timedelta(minutes=5))
    first = ledger.add_stamps(card, 4, code="R-1", actor="till-1", channel="receipt", idempotency_key="k-1")
    ledger.add_stamps(card, 4, code="R-1", actor="till-1", channel="receipt", idempotency_key="k-1")
    for _ in range(2):
        ledger.play_lottery(first.card.lotteries[0].id, actor="till-1")
    second = ledger.add_stamps(card, 3, code="R-2", actor="till-2", channel="scanner")
    try:
        ledger.add_stamps(card, 1, code="R-3", actor="till-2", channel="scanner")
    except Refused:
        wait(timedelta(hours=1))
    ledger.redeem(second.card.vouchers[0].id, actor="till-1")
    ledger.reverse_redemption(second.card.vouchers[0].id, reason="wrong card")
    ledger.void_stamps("R-2", reason="paid back", actor="boss")
    ledger.add_stamps(held, 3, code="R-4", occurred_at=shop.clock() - timedelta(minutes=30))
    ledger.send_campaign("spring", name="Spring", cards=[card, held], voucher=CAKE, text="Hello")
    ledger.issue_coupon(CAKE, customer=bo)
    ledger.send_message(held, "Dear Bo, come back!", channels=["email"])
    ledger.update_customer(bo, name="Bo Lee")
    third = the(ledger.issue_card("coffee").subject)
    ledger.void_stamps(ledger.add_stamps(third, 3))
    ledger.play_lottery(ledger.add_stamps(third, 3).card.lotteries[0].id)
    wait(timedelta(days=2))
    ledger.celebrate_birthdays(date(2024, 2, 29))
    ledger.expire()
    ledger.import_cards(StringIO("external_id,stamps,name\nX-1,5,Cy\nX-2,0,\n"), source="old", template="coffee")
    ledger.publish_template("coffee", CardTemplate(name="Free Coffee", goals=(Goal(stamps=5, reward=COFFEE),)))
    ledger.move_to_template("coffee", force=True)
    ledger.remove_from_wallet(card, "apple")
    wait(timedelta(days=20))
    ledger.expire()
    ledger.delete_card(held, reason="lost")
    ledger.forget_customer(bo)
    shop.clock.wait(timedelta(days=-3))
    ledger.add_stamps(card, 1, code="R-5")


def written(shop: Shop) -> Iterator[dict[str, Any]]:
    """The Journal as it lies in the tables."""
    [(name, seq, recorded_at, chain)] = shop.sql("SELECT name, seq, recorded_at, hash FROM HEAD")
    keys = shop.sql("SELECT subject, key FROM SUBJECT_KEY")
    yield {
        "business": name,
        "seq": seq,
        "recorded_at": recorded_at,
        "hash": chain.hex(),
        "keys": {subject.hex(): key.hex() for subject, key in keys},
    }
    for row in shop.sql(
        "SELECT j.seq, j.stream, s.id, s.kind, j.version, k.text, j.place, j.recorded_at, j.occurred_at, j.code,"
        " a.text, c.text, j.body, j.hash FROM JOURNAL j"
        " JOIN STREAM s ON s.business = j.business AND s.number = j.stream"
        " JOIN WORD k ON k.business = j.business AND k.number = j.kind"
        " LEFT JOIN WORD a ON a.business = j.business AND a.number = j.actor"
        " LEFT JOIN WORD c ON c.business = j.business AND c.number = j.channel ORDER BY j.seq"
    ):
        names = "seq stream id stream_kind version kind place recorded_at occurred_at code actor channel body hash"
        entry = dict(zip(names.split(), row, strict=True))
        yield {**entry, "id": row[2].hex(), "body": row[12].decode(), "hash": row[13].hex()}


def day() -> Shop:
    """A shop that lived the day."""
    shop = Shop(draws=(AGAIN_DRAW, CAKE_DRAW, TOPPING_DRAW))
    live(shop)
    return shop


def lines() -> list[str]:
    """The day as lines of JSON."""
    with day() as shop:
        return [json.dumps(line, ensure_ascii=False) + "\n" for line in written(shop)]


def restore(shop: Shop, told: list[dict[str, Any]]) -> None:
    """Put a written Journal into an empty ledger's tables, and nothing that follows from it."""
    head, *entries = told
    words: dict[str, int] = {}

    def word(text: str | None) -> int | None:
        if text is not None and text not in words:
            words[text] = len(words) + 1
            shop.sql("INSERT INTO WORD VALUES (1, ?, ?)", words[text], text)
        return None if text is None else words[text]

    streams: set[int] = set()
    for entry in entries:
        if entry["stream"] not in streams:
            streams.add(entry["stream"])
            shop.sql(
                "INSERT INTO STREAM (business, number, id, kind, version, seq) VALUES (1, ?, ?, ?, 0, 0)",
                entry["stream"], bytes.fromhex(entry["id"]), entry["stream_kind"],
            )  # fmt: skip
        shop.sql(
            "INSERT INTO JOURNAL (business, seq, stream, version, kind, place, recorded_at, occurred_at, code, actor,"
            " channel, body, hash) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry["seq"], entry["stream"], entry["version"], word(entry["kind"]), entry["place"], entry["recorded_at"],
            entry["occurred_at"], entry["code"], word(entry["actor"]), word(entry["channel"]), entry["body"].encode(),
            bytes.fromhex(entry["hash"]),
        )  # fmt: skip
    for subject, key in head["keys"].items():
        shop.sql("INSERT INTO SUBJECT_KEY VALUES (1, ?, ?)", bytes.fromhex(subject), bytes.fromhex(key))
    shop.sql(
        "UPDATE HEAD SET seq = ?, recorded_at = ?, hash = ?",
        head["seq"], head["recorded_at"], bytes.fromhex(head["hash"]),
    )  # fmt: skip
