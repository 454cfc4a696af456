"""The addresses of the API: the old ones as they were, the new ones below /api/v1/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import SimpleRouter

from backups.api import data, decisions, errors, evidence, old_routes
from backups.api.auth import Login, Logout
from backups.api.badge import device_badge, fleet_badge
from backups.api.daemons import DaemonViewSet, ServiceViewSet
from backups.api.devices import DeviceViewSet
from backups.api.downloads import FileContentView
from backups.api.file_lists import FileViewSet, SumsView
from backups.api.integration import integration_page
from backups.api.items import ItemViewSet
from backups.api.runs import RunViewSet
from backups.api.storages import StorageViewSet
from backups.api.videos import VideoViewSet
from backups.api.wall import wall, wall_part
from backups.api.zips import ZipView

router = SimpleRouter()
router.register("devices", DeviceViewSet, basename="devices")
router.register("findings", evidence.FindingViewSet, basename="findings")
router.register("experiments", data.ExperimentViewSet, basename="experiments")
router.register("recordings", data.RecordingViewSet, basename="recordings")
router.register("items", ItemViewSet, basename="items")
router.register("copies", data.CopyViewSet, basename="copies")
router.register("files", FileViewSet, basename="files")
router.register("videos", VideoViewSet, basename="videos")
router.register("snapshots", evidence.SnapshotViewSet, basename="snapshots")
router.register("certificates", evidence.CertificateViewSet, basename="certificates")
router.register("runs", RunViewSet, basename="runs")
router.register("plans", decisions.PlanViewSet, basename="plans")
router.register("policies", decisions.PolicyViewSet, basename="policies")
router.register("storages", StorageViewSet, basename="storages")
router.register("daemons", DaemonViewSet, basename="daemons")
router.register("services", ServiceViewSet, basename="services")

for_users = {"permission_classes": [IsAuthenticated]}
docs = SpectacularSwaggerSplitView.as_view(
    url_name="api:schema", template_name="backups/api_docs.html", **for_users
)
v1 = [
    path("auth/login/", Login.as_view(), name="login"),
    path("auth/logout/", Logout.as_view(), name="logout"),
    path("schema/", SpectacularAPIView.as_view(**for_users), name="schema"),
    path("docs/", docs, name="docs"),
    path("files/b2sums/", SumsView.as_view(), name="files-b2sums"),
    path("files/zip/", ZipView.as_view(), name="files-zip"),
    path("files/<str:file_id>/content/", FileContentView.as_view(), name="file-content"),
    *router.urls,
    re_path(r"^[\s\S]*/$", errors.not_found),
]

urlpatterns = [
    path("backup/status", old_routes.StatusView.as_view(), name="old-status"),
    path("device/<device_id>/backup", old_routes.DeviceBackupView.as_view(), name="old-device"),
    path("api/v1/", include((v1, "api"))),
    path("integration/", integration_page, name="integration"),
    path("wall/", wall, name="wall"),
    path("wall/part/", wall_part, name="wall-part"),
    path("badge/fleet.svg", fleet_badge, {"kind": "svg"}, name="badge-fleet-svg"),
    path("badge/fleet.json", fleet_badge, {"kind": "json"}, name="badge-fleet-json"),
    path("badge/<device_id>.svg", device_badge, {"kind": "svg"}, name="badge-svg"),
    path("badge/<device_id>.json", device_badge, {"kind": "json"}, name="badge-json"),
]
