"""Below /api/v1/, beside the rest of the API."""

from rest_framework.routers import SimpleRouter

from incidents.api.timeline import TimelineViewSet
from incidents.api.views import IncidentViewSet

router = SimpleRouter()
router.register("incidents", IncidentViewSet)
router.register("timeline", TimelineViewSet, basename="timeline")
urlpatterns = router.urls
