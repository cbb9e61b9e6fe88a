from django.urls import path

from workers.revision import pages

urlpatterns = [path("twilio/revision/", pages.revision, name="revision-twilio")]
