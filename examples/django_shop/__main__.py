"""What other projects call manage.py."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_shop.settings")
execute_from_command_line(["examples.django_shop", *sys.argv[1:]])
