from django.urls import path

from clientes.rne import views

urlpatterns = [path("clientes/rne/", views.rne, name="rne")]
