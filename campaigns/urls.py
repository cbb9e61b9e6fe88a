from django.urls import path

from campaigns import views

urlpatterns = [
    path("", views.tablero, name="tablero"),
    path("vivo/", views.tablero_vivo, name="tablero-vivo"),
    path("campanas/<int:pk>/", views.campana, name="campana"),
    path("campanas/<int:pk>/vivo/", views.campana_viva, name="campana-viva"),
    path("campanas/<int:pk>/destinatarios/", views.destinatarios, name="campana-destinatarios"),
    *(
        path(f"campanas/<int:pk>/{accion}/", views.mover, {"accion": accion}, name=f"campana-{accion}")
        for accion in views.ACCIONES
    ),
]
