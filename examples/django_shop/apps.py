"""The shop as Django's application."""

from django.apps import AppConfig


class Shop(AppConfig):
    """Orders."""

    name = "examples.django_shop"
    label = "shop"
