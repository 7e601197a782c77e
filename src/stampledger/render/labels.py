"""What the house's own words are called in front of people: kinds of entries, statuses, channels, rules.

A table for each, and a function that says one of its labels in a language. A value without a label, such as the kind of
a later release or a channel's name that a shop made up, is shown as it is.
"""

from collections.abc import Mapping

from stampledger import refusals
from stampledger.events import RewardSource
from stampledger.projections import CardStatus
from stampledger.render.words import NC_, Words
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Channel, Platform

Labels = Mapping[str, tuple[str, str]]

KINDS: Labels = {
    "card_issued": NC_("entry", "Card issued"),
    "card_imported": NC_("entry", "Card imported"),
    "stamp_added": NC_("entry", "Stamps added"),
    "stamp_rejected": NC_("entry", "Stamps refused"),
    "stamp_voided": NC_("entry", "Stamps taken back"),
    "stamps_expired": NC_("entry", "Stamps expired"),
    "cycle_started": NC_("entry", "New round started"),
    "goal_reached": NC_("entry", "Goal reached"),
    "template_changed": NC_("entry", "Card moved to another template"),
    "card_expired": NC_("entry", "Card expired"),
    "card_deleted": NC_("entry", "Card deleted"),
    "award_granted": NC_("entry", "Gift given"),
    "voucher_issued": NC_("entry", "Voucher issued"),
    "lottery_granted": NC_("entry", "Prize draw given"),
    "lottery_played": NC_("entry", "Prize draw played"),
    "lottery_voided": NC_("entry", "Prize draw taken back"),
    "voucher_redeemed": NC_("entry", "Voucher redeemed"),
    "redemption_reversed": NC_("entry", "Redemption reversed"),
    "voucher_expired": NC_("entry", "Voucher expired"),
    "voucher_voided": NC_("entry", "Voucher taken back"),
    "birthday_reached": NC_("entry", "Birthday celebrated"),
    "campaign_sent": NC_("entry", "Campaign sent"),
    "message_sent": NC_("entry", "Message sent"),
    "wallet_saved": NC_("entry", "Saved to a wallet"),
    "wallet_removed": NC_("entry", "Removed from a wallet"),
    "template_published": NC_("entry", "Template published"),
    "brand_set": NC_("entry", "Brand changed"),
    "customer_registered": NC_("entry", "Customer registered"),
    "customer_updated": NC_("entry", "Customer changed"),
    "customer_forgotten": NC_("entry", "Customer forgotten"),
    "campaign_created": NC_("entry", "Campaign created"),
}
CARD_STATUSES: Labels = {
    CardStatus.ACTIVE: NC_("card", "Active"),
    CardStatus.HELD: NC_("card", "Full, waits for its reward to be used"),
    CardStatus.CLOSED: NC_("card", "Complete"),
    CardStatus.EXPIRED: NC_("card", "Expired"),
    CardStatus.DELETED: NC_("card", "Deleted"),
}
REWARD_KINDS: Labels = {
    RewardKind.AWARD: NC_("reward", "Gift"),
    RewardKind.VOUCHER: NC_("reward", "Voucher"),
    RewardKind.LOTTERY: NC_("reward", "Prize draw"),
}
REWARD_STATUSES: Labels = {
    RewardStatus.GRANTED: NC_("reward", "Given"),
    RewardStatus.ACTIVE: NC_("reward", "Can be redeemed"),
    RewardStatus.REDEEMED: NC_("reward", "Redeemed"),
    RewardStatus.EXPIRED: NC_("reward", "Expired"),
    RewardStatus.PLAYED: NC_("reward", "Played"),
    RewardStatus.VOIDED: NC_("reward", "Taken back"),
}
REWARD_SOURCES: Labels = {
    RewardSource.GOAL: NC_("source", "Goal"),
    RewardSource.LOTTERY: NC_("source", "Prize draw"),
    RewardSource.BIRTHDAY: NC_("source", "Birthday"),
    RewardSource.CAMPAIGN: NC_("source", "Campaign"),
    RewardSource.COUPON: NC_("source", "Coupon"),
}
CHANNELS: Labels = {
    Channel.SCANNER: NC_("channel", "Scanner"),
    Channel.KIOSK: NC_("channel", "Kiosk"),
    Channel.RECEIPT: NC_("channel", "Receipt"),
    Channel.INSERT: NC_("channel", "Delivery insert"),
    Channel.POS: NC_("channel", "Till"),
    Channel.API: NC_("channel", "API"),
    Channel.WEB: NC_("channel", "Web"),
    Channel.IMPORT: NC_("channel", "Import"),
}
PLATFORMS: Labels = {
    Platform.WEB: NC_("platform", "Web"),
    Platform.APPLE: NC_("platform", "Apple Wallet"),
    Platform.GOOGLE: NC_("platform", "Google Wallet"),
}
RULES: Labels = {
    refusals.CodeAlreadyUsed.code: NC_("rule", "Code already used"),
    refusals.ScanLimitReached.code: NC_("rule", "Limit per scan"),
    refusals.DailyLimitReached.code: NC_("rule", "Daily limit"),
    refusals.RollingLimitReached.code: NC_("rule", "24-hour limit"),
    refusals.IntervalNotOver.code: NC_("rule", "Too soon after the last stamp"),
    refusals.CardIsClosed.code: NC_("rule", "Card is complete"),
    refusals.CardIsHeld.code: NC_("rule", "Card is full"),
    refusals.CardNotYetIssued.code: NC_("rule", "Before the card was issued"),
    refusals.CardIsExpired.code: NC_("rule", "Card has expired"),
    refusals.CardIsDeleted.code: NC_("rule", "Card was deleted"),
    refusals.VoucherIsRedeemed.code: NC_("rule", "Voucher already redeemed"),
    refusals.VoucherIsExpired.code: NC_("rule", "Voucher has expired"),
    refusals.VoucherIsVoided.code: NC_("rule", "Voucher was taken back"),
    refusals.VoucherNotRedeemed.code: NC_("rule", "Voucher not redeemed"),
    refusals.LotteryIsPlayed.code: NC_("rule", "Prize draw already played"),
    refusals.LotteryIsVoided.code: NC_("rule", "Prize draw was taken back"),
    refusals.RewardIsRedeemed.code: NC_("rule", "Reward already used"),
    refusals.FurtherFromReward.code: NC_("rule", "Further from the reward"),
    refusals.CustomerIsForgotten.code: NC_("rule", "Customer was forgotten"),
}


def kind_label(words: Words, kind: str) -> str:
    """Say what an entry of the Journal is: stamp_added is Stamps added."""
    return _said(words, KINDS, kind)


def card_status_label(words: Words, status: str) -> str:
    """Say what can be done with a card."""
    return _said(words, CARD_STATUSES, status)


def reward_kind_label(words: Words, kind: str) -> str:
    """Say what a reward is."""
    return _said(words, REWARD_KINDS, kind)


def reward_status_label(words: Words, status: str) -> str:
    """Say where a reward stands."""
    return _said(words, REWARD_STATUSES, status)


def reward_source_label(words: Words, source: str) -> str:
    """Say where a reward came from."""
    return _said(words, REWARD_SOURCES, source)


def channel_label(words: Words, channel: str) -> str:
    """Say by which way a command came."""
    return _said(words, CHANNELS, channel)


def platform_label(words: Words, platform: str) -> str:
    """Say where a customer keeps the card."""
    return _said(words, PLATFORMS, platform)


def rule_label(words: Words, rule: str) -> str:
    """Say which rule refused: daily_limit_reached is Daily limit."""
    return _said(words, RULES, rule)


def _said(words: Words, labels: Labels, value: str) -> str:
    found = labels.get(value)
    return str(value) if found is None else words.label(*found)


SAYINGS = (
    kind_label, card_status_label, reward_kind_label, reward_status_label, reward_source_label, channel_label,
    platform_label, rule_label,
)  # fmt: skip
