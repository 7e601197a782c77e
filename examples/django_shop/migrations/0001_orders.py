"""The table of orders."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True
    operations = (
        migrations.CreateModel(
            name="Order",
            fields=[
                ("number", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("card", models.PositiveIntegerField()),
                ("coffees", models.PositiveSmallIntegerField()),
            ],
        ),
    )
