from django.urls import path

from campaigns.programaciones import editor, views

urlpatterns = [
    path("programaciones/", views.programaciones, name="programaciones"),
    path("programaciones/nueva/", editor.nueva, name="programacion-nueva"),
    path("programaciones/vista-previa/", editor.vista_previa, name="programacion-vista-previa"),
    path("programaciones/<int:pk>/", views.programacion, name="programacion"),
    path("programaciones/<int:pk>/editar/", editor.editar, name="programacion-editar"),
    path("programaciones/<int:pk>/ocurrencias/", views.ocurrencias, name="programacion-ocurrencias"),
    path("programaciones/<int:pk>/costo/", views.costo, name="programacion-costo"),
    path("programaciones/<int:pk>/ejecutar/", views.ejecutar, name="programacion-ejecutar"),
    path("programaciones/<int:pk>/eliminar/", views.eliminar, name="programacion-eliminar"),
    *(
        path(f"programaciones/<int:pk>/{accion}/", views.mover, {"accion": accion}, name=f"programacion-{accion}")
        for accion in views.MOVER
    ),
]
