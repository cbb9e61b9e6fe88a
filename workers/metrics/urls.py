from django.urls import path

from workers.metrics import views

urlpatterns = [path("metrics", views.metrics, name="metrics")]
