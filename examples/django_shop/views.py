"""Orders and members."""

import json

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from examples.django_shop.models import Order
from examples.django_shop.stamps import in_this_transaction, ledger
from stampledger import Refused
from stampledger.web import card_address


def pay(order: str) -> None:
    """Take the money for an order; where that fails, there is no order."""


@csrf_exempt  # The web shop sends JSON, and no cookie.
@require_POST
def orders(request: HttpRequest) -> JsonResponse:
    """Take an order; sent again, it is the same order."""
    wanted = json.loads(request.body)
    number, card, coffees = wanted["number"], wanted["card"], wanted["coffees"]
    ledger()  # Opened before the transaction, which would keep it from creating its tables.
    with transaction.atomic():
        Order.objects.get_or_create(number=number, defaults={"card": card, "coffees": coffees})
        try:
            scan = in_this_transaction().add_stamps(card, coffees, code=f"order {number}", actor="web shop")
            told = {"progress": str(scan.card.progress), "repeated": scan.repeated}
        except Refused as refusal:  # The order is good all the same; the Journal says why there was no stamp.
            told = {"refused": str(refusal)}
        pay(number)
    return JsonResponse(told, status=201)


@csrf_exempt
@require_POST
def members(request: HttpRequest) -> JsonResponse:
    """Give somebody a card."""
    wanted = json.loads(request.body)
    customer = ledger().register_customer(name=wanted["name"], email=wanted["email"])
    card = ledger().issue_card("coffee", customer=customer).card
    page = card_address(settings.SECRET_KEY.encode(), ledger().business, card)
    return JsonResponse({"card": card.number, "page": f"/cards/{page}"}, status=201)
