"""Why something is as it is, in sentences a shopkeeper can read out, from the entries that made it so."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from stampledger import events
from stampledger.projections import Answer, Entry, RewardView
from stampledger.rewards import RewardStatus, reward_id


def why(code: str, entries: Sequence[Entry], cards: Mapping[UUID, int]) -> Answer:
    """Tell what became of a code: on which cards it gave stamps, where it was refused and by which rule."""
    if not entries:
        return Answer(sentences=(f"The code {code} was never seen.",), entries=())
    return Answer(
        sentences=tuple(_code_sentence(code, entry, cards.get(entry.stream)) for entry in entries),
        entries=tuple(entries),
    )


def explain(reward: RewardView, cause: Sequence[Entry], life: Sequence[Entry]) -> Answer:
    """Tell why a reward was given and what became of it; *cause* are the entries of the scan that gave it."""
    sentences = [
        *(_cause_sentence(entry) for entry in cause if isinstance(entry.event, _CAUSES)),
        *(sentence for entry in life for sentence in _life_sentences(entry)),
    ]
    recorded = any(isinstance(entry.event, events.VoucherExpired) for entry in life)
    if reward.status is RewardStatus.EXPIRED and not recorded:
        sentences.append(f"{reward.title} expired on {_time(reward.expires_at)}, unused.")
    seen: dict[int, Entry] = {entry.seq: entry for entry in (*cause, *life)}
    return Answer(sentences=tuple(sentences), entries=tuple(seen[seq] for seq in sorted(seen)))


_CAUSES = (
    events.StampAdded,
    events.GoalReached,
    events.LotteryPlayed,
    events.BirthdayReached,
    events.CampaignSent,
    events.CycleStarted,
    events.TemplateChanged,
)


def _time(at: object) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC" if at is not None else "an unknown day"


def _when(entry: Entry) -> str:
    by = f" by {entry.actor}" if entry.actor else ""
    return f"On {_time(entry.occurred_at)}{by} (entry {entry.seq})"


def _stamps(count: int) -> str:
    return "1 stamp" if count == 1 else f"{count} stamps"


def _code_sentence(code: str, entry: Entry, number: int | None) -> str:
    event = entry.event
    card = "the card" if number is None else f"card {number}"
    match event:
        case events.StampAdded():
            held_back = f"; {_stamps(event.withheld)} over a limit not given" if event.withheld else ""
            lost = f"; {_stamps(event.dropped)} beyond the last goal dropped" if event.dropped else ""
            progress = f"{event.progress}/{event.stamps_required}"
            gave = f"it gave {_stamps(event.count)} to {card}"
            return f"{_when(entry)} {gave}, which stood at {progress} then{held_back}{lost}."
        case events.StampRejected():
            wanted = "" if event.count is None else f" {_stamps(event.count)}"
            return f"{_when(entry)} it was refused{wanted} on {card} ({event.rule}): {event.reason}."
        case events.StampVoided():
            whose = "its" if event.code == code else f"of {event.code or f'scan {event.scan}'}"
            because = f" ({event.reason})" if event.reason else ""
            kept = "".join(f" {kept.title} could not be taken back: {kept.reason}." for kept in event.rewards_kept)
            missing = f" {_stamps(event.missing)} could not be taken back." if event.missing else ""
            were = "was" if event.count == 1 else "were"
            return (
                f"{_when(entry)} {whose} {_stamps(event.count)} {were} taken back from {card}{because}.{kept}{missing}"
            )
    return f"{_when(entry)} it was noted ({entry.kind})."


def cause(scan: Sequence[Entry], given: Entry) -> list[Entry]:
    """Answer the entries of a scan that led to a reward: up to its own goal, without other goals and rewards."""
    event = given.event
    mine = (getattr(event, "cycle", None), getattr(event, "goal_index", None))
    return [
        entry
        for entry in scan
        if (not isinstance(entry.event, events.GoalReached) or (entry.event.cycle, entry.event.goal_index) == mine)
        and (reward_id(entry.event) in (None, reward_id(event)) or isinstance(entry.event, events.LotteryPlayed))
    ]


def _cause_sentence(entry: Entry) -> str:
    event = entry.event
    match event:
        case events.StampAdded():
            code = f" for {event.code}" if event.code else ""
            return f"{_when(entry)} the card got {_stamps(event.count)}{code}."
        case events.GoalReached():
            return f"That reached the goal of {_stamps(event.stamps)} in cycle {event.cycle} (entry {entry.seq})."
        case events.LotteryPlayed():
            share = event.percentages[event.variant]
            return (
                f"{_when(entry)} the lottery {event.title} was drawn: {event.draw} of 1000000000 lies in the {share} % "
                f"of {event.names[event.variant]}."
            )
        case events.BirthdayReached():
            return f"{_when(entry)} the birthday of {event.year} was celebrated."
        case events.CampaignSent():
            return f"{_when(entry)} the campaign {event.name} reached the card."
        case events.CycleStarted():
            return f"{_when(entry)} {_stamps(event.count)} that had waited began cycle {event.cycle}."
        case _:
            return f"{_when(entry)} the card moved to another template version."


def _life_sentences(entry: Entry) -> Iterable[str]:
    event = entry.event
    match event:
        case events.VoucherIssued():
            until = f", good until {_time(event.expires_at)}" if event.expires_at else ", good without limit"
            issued = f"{event.title} was issued (source: {event.source}) with the code {event.redeem_code}"
            yield f"{_when(entry)} {issued}{until}."
        case events.AwardGranted():
            yield f"{_when(entry)} {event.title} was given (source: {event.source})."
        case events.LotteryGranted():
            yield f"{_when(entry)} the lottery {event.title} was given (source: {event.source})."
        case events.LotteryPlayed():
            yield f"{_when(entry)} it was played: {event.names[event.variant]}."
        case events.VoucherRedeemed():
            yield f"{_when(entry)} {event.title} was redeemed."
        case events.RedemptionReversed():
            because = f": {event.reason}" if event.reason else ""
            yield f"{_when(entry)} the redemption of {event.title} was reversed{because}."
        case events.VoucherExpired():
            yield f"On {_time(event.at)} {event.title} expired, unused (entry {entry.seq})."
        case events.VoucherVoided() | events.LotteryVoided():
            because = f": {event.reason}" if event.reason else ""
            scan = f" because the stamps of scan {event.scan} were voided" if event.scan else ""
            yield f"{_when(entry)} {event.title} was taken back{scan}{because}."
