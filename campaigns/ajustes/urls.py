from django.urls import path

from campaigns.ajustes import views

urlpatterns = [path("ajustes/", views.ajustes, name="ajustes")]
