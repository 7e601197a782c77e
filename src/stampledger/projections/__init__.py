"""What is shown: Journal rows, cards, rewards, the customer's page. Pure functions from facts to views.

Whatever a view says about a past moment is made from what was known then: that moment's name, template version, brand
and status. Nothing here computes a rule of its own; a goal was reached because an event says so.
"""

from stampledger.projections.showing import (
    card_view,
    customer_info,
    customer_view,
    event_progress,
    event_rewards,
    journal_row,
    reward_view,
    template_info,
)
from stampledger.projections.views import (
    Answer,
    CardStatus,
    CardView,
    CustomerInfo,
    CustomerView,
    Entry,
    Fault,
    JournalRow,
    Progress,
    RewardView,
    TemplateInfo,
    Verification,
)

__all__ = [
    "Answer",
    "CardStatus",
    "CardView",
    "CustomerInfo",
    "CustomerView",
    "Entry",
    "Fault",
    "JournalRow",
    "Progress",
    "RewardView",
    "TemplateInfo",
    "Verification",
    "card_view",
    "customer_info",
    "customer_view",
    "event_progress",
    "event_rewards",
    "journal_row",
    "reward_view",
    "template_info",
]
