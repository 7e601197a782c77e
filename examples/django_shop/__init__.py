"""A shop on Django: an order of its ORM and the order's stamps are there together, or not at all.

    python -m examples.django_shop migrate
    python -m examples.django_shop createsuperuser
    uvicorn examples.django_shop.asgi:application

Staff signs in by Django's own login at /login/ and finds the back office at /staff/stamps; customers' cards are below
/cards.
"""
