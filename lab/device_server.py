"""One device's HTTP server, as on port 9000 of an ethoscope."""

from urllib.parse import unquote

from lab import device_answers
from lab.answers import TRACEBACK, Answer, Role, error_200, error_page
from lab.fleet import SimulatedDevice
from lab.machine import machine
from lab.world import World

DEAD_LISTENER = f"{TRACEBACK}ConnectionRefusedError: [Errno 111] Connection refused\n"
_UPLOAD = {"filename": "arena.mp4", "fullpath": "/ethoscope_data/upload/video/arena.mp4"}


class DeviceService:
    """Answers for one device."""

    role = Role.DEVICE

    def __init__(self, world: World, device: SimulatedDevice) -> None:
        self._world = world
        self._device = device

    @property
    def device_id(self) -> str:
        return self._device.device_id

    def answer(self, path: str) -> Answer:
        route = unquote(path).partition("?")[0]
        if route == "/id":
            return Answer({"id": self.device_id})
        if route == "/list_video_files" and self._device.is_old:
            return self._list_videos(path)
        what, _, told_id = route.rpartition("/")
        answered = {
            "/data": self._data,
            "/data/databases": self._databases,
            "/machine": self._machine,
            "/data/listfiles/video": self._uploads,
        }.get(what)
        if answered is None:
            return error_page(404, "Not Found", path)
        if told_id != self.device_id:
            return error_200(f"{TRACEBACK}WrongMachineID\n")
        return answered()

    def _data(self) -> Answer:
        device = self._device
        if device.frozen_since is not None:
            return error_200(DEAD_LISTENER)
        self._world.tell(device)
        return Answer(device_answers.data(device, now=self._world.now()))

    def _databases(self) -> Answer:
        if self._device.inventory == "missing":
            return error_200(f"{TRACEBACK}OSError: [Errno 5] Input/output error\n")
        self._world.tell(self._device)
        return Answer(device_answers.databases(self._device))

    def _list_videos(self, path: str) -> Answer:
        listed = device_answers.list_video_files(self._device)
        answers = {
            "paths": Answer(listed),
            "hashes": Answer(device_answers.hashed(listed["video_files"])),
            "metadata": Answer({"metadata": listed["metadata"]}),
            "nothing": Answer({}),
            "error": error_200(f"{TRACEBACK}OSError: [Errno 5] Input/output error\n"),
            "gone": error_page(404, "Not Found", path),
        }
        return answers[self._device.video_list]

    def _machine(self) -> Answer:
        world = self._world
        return Answer(machine(self._device, now=world.now(), node_ip=world.node_ip))

    def _uploads(self) -> Answer:
        return Answer({"filelist": [_UPLOAD]})
