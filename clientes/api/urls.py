from rest_framework.routers import SimpleRouter

from clientes.api.views import ClienteViewSet

router = SimpleRouter(use_regex_path=False)
router.register("clientes", ClienteViewSet, basename="api-cliente")

urlpatterns = router.urls
