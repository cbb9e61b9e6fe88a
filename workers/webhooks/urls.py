from django.urls import path

from workers.webhooks import views

urlpatterns = [
    path("estado/<str:token>/", views.estado, name="webhook-estado"),
    path("entrante/", views.entrante, name="webhook-entrante"),
]
