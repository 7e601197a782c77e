"""Where the shop's own pages are."""

from django.contrib.auth.views import LoginView
from django.urls import path

from examples.django_shop import views

urlpatterns = [
    path("orders", views.orders),
    path("members", views.members),
    path("login/", LoginView.as_view()),
]
