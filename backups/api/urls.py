"""The addresses of the API: the old ones as they were, the new ones below /api/v1/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import SimpleRouter

from backups.api import errors, old_routes, views
from backups.api.auth import Login, Logout
from backups.api.integration import integration_page
from backups.api.runs import RunViewSet
from backups.api.videos import VideosView

router = SimpleRouter()
router.register("devices", views.DeviceViewSet)
router.register("snapshots", views.SnapshotViewSet)
router.register("services", views.DaemonViewSet)
router.register("experiments", views.ExperimentViewSet)
router.register("recordings", views.RecordingViewSet)
router.register("runs", RunViewSet)

for_users = {"permission_classes": [IsAuthenticated]}
v1 = [
    path("auth/login/", Login.as_view(), name="login"),
    path("auth/logout/", Logout.as_view(), name="logout"),
    path("schema/", SpectacularAPIView.as_view(**for_users), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema", **for_users), name="docs"),
    path("videos/", VideosView.as_view(), name="videos"),
    *router.urls,
    re_path(r"^[\s\S]*/$", errors.not_found),
]

urlpatterns = [
    path("backup/status", old_routes.StatusView.as_view(), name="old-status"),
    path("device/<device_id>/backup", old_routes.DeviceBackupView.as_view(), name="old-device"),
    path("api/v1/", include((v1, "api"))),
    path("integration/", integration_page, name="integration"),
]
