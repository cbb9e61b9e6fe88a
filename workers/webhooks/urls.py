from django.urls import path

from workers.webhooks import views

# Without its last slash each is the same: a redirect of a POST loses what it carries.
urlpatterns = [
    path("estado/<str:token>/", views.estado, name="webhook-estado"),
    path("estado/<str:token>", views.estado),
    path("entrante/", views.entrante, name="webhook-entrante"),
    path("entrante", views.entrante),
]
