"""The HTTP API, assembled from the routers of the apps."""

from ninja import NinjaAPI

api = NinjaAPI(title="Lamella", version="1", urls_namespace="api")
