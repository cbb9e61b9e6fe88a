from django.urls import path

from campaigns import views

urlpatterns = [
    path("", views.tablero, name="tablero"),
    path("campanas/<int:pk>/", views.campana, name="campana"),
]
