"""The shop's own rows."""

from django.db import models


class Order(models.Model):
    """What somebody bought."""

    number = models.CharField(max_length=40, primary_key=True)
    card = models.PositiveIntegerField()
    coffees = models.PositiveSmallIntegerField()
