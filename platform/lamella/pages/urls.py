"""The pages that people see."""

from django.urls import URLPattern

app_name = "pages"
urlpatterns: list[URLPattern] = []
