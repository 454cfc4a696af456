"""The rows of METADATA, as the device's software writes them: texts, most of them Python's repr."""

from lab.tracking import ResultWriter, Tracking

VERSION = {"id": "9ed518c7ac75cd261608b29391718c4dcc9f6a95", "date": "2026-04-29 08:06:29"}
_STIMULATORS = {
    "stimulators": ("DefaultStimulator",),
    "composed_stimulator": ("ComposedStimulator",),
    "sleep_depriver_stimulators": (
        "SleepDepStimulator",
        "OptomotorSleepDepriver",
        "MiddleCrossingStimulator",
        "ExperimentalSleepDepStimulator",
        "OptoSleepDepriver",
        "mAGO",
        "AGO",
    ),
    "odour_stimulators": (
        "DynamicOdourSleepDepriver",
        "MiddleCrossingOdourStimulator",
        "MiddleCrossingOdourStimulatorFlushed",
    ),
    "optomotor_stimulators": ("OptoMidlineCrossStimulator",),
    "sleep_restriction_stimulators": ("mAGOSleepRestriction", "SimpleTimeRestrictedStimulator"),
    "multi_stimulator": ("MultiStimulator",),
}
_POINTS = ((570.0, 70.0), (570.0, 410.0), (70.0, 410.0))
_CLASSES = {
    "interactor": [
        f"stimulators.{module}.{name}" for module, names in _STIMULATORS.items() for name in names
    ],
    "roi_builder": [
        "roi_builders.file_based_roi_builder.FileBasedROIBuilder",
        "roi_builders.target_roi_builder.TargetGridROIBuilder",
    ],
    "tracker": ["trackers.adaptive_bg_tracker.AdaptiveBGModel"],
    "drawer": ["drawers.drawers.DefaultDrawer", "drawers.drawers.NullDrawer"],
    "camera": [
        "hardware.input.cameras.OurPiCameraAsync",
        "hardware.input.cameras.MovieVirtualCamera",
        "hardware.input.cameras.V4L2Camera",
    ],
    "result_writer": ["io.sqlite.SQLiteResultWriter", "io.mysql.MySQLResultWriter"],
}
_ARGUMENTS: dict[str, dict[str, object]] = {
    "roi_builder": {"template_name": "sleep_monitor_20tube"},
    "result_writer": {"take_frame_shots": True, "make_dam_like_table": True},
}


def metadata(run: Tracking) -> dict[str, str | None]:
    """In the order in which a device writes them; a graceful stop adds `stop_date_time`."""
    return {
        "machine_id": run.device_id,
        "machine_name": run.folder_name,
        # SQLite's writer formats floats itself; MariaDB's gives them to a text column.
        "date_time": f"{run.started_at:.15g}" if run.source_path else repr(run.started_at),
        "frame_width": "640",
        "frame_height": "480",
        "version": VERSION["id"],
        "experimental_info": repr(run.experimental_info()),
        "selected_options": _selected_options(run),
        "hardware_info": repr(_hardware(run)),
        "reference_points": f"[{', '.join(_point(x, y) for x, y in _POINTS)}]",
        "backup_filename": run.filename,
        "result_writer_type": str(run.writer),
        "sqlite_source_path": run.source_path,
    }


def _selected_options(run: Tracking) -> str:
    """The repr of an OrderedDict that holds classes: no literal that Python could read."""
    told = {key: value for key, value in run.experimental_info().items() if key != "run_id"}
    asked = _option("experimental_info", ["control.tracking.ExperimentalInformation"], told)
    chosen = {"result_writer": int(run.writer is ResultWriter.MYSQL)}
    options = [
        _option(name, classes, _ARGUMENTS.get(name, {}), chosen=chosen.get(name, 0))
        for name, classes in _CLASSES.items()
    ]
    return f"OrderedDict([{', '.join([asked, *options])}])"


def _option(
    name: str, classes: list[str], arguments: dict[str, object] | dict[str, str], *, chosen: int = 0
) -> str:
    shown = [f"<class 'ethoscope.{each}'>" for each in classes]
    possible = f"'possible_classes': [{', '.join(shown)}]"
    return f"({name!r}, {{{possible}, 'class': {shown[chosen]}, 'kwargs': {arguments!r}}})"


def _hardware(run: Tracking) -> dict[str, object]:
    root = {"Filesystem": "/dev/root", "Type": "ext4", "Size": "29G", "Used": "10G"}
    return {
        "kernel": "6.6.20+rpt",
        "pi_version": {"model_number": 4, "model_type": "Model B Rev"},
        "camera": {"version": "PINoIR 2", "sensor": "imx219"},
        "SD_CARD_AGE": int(run.device_id[:3]) * 1_000_000 + 0.25,
        "partitions": [root | {"Avail": "18G", "Use%": "37%", "Mounted": "/"}],
        "SD_CARD_NAME": "20260101_ethoscope_000.img",
    }


def _point(x: float, y: float) -> str:
    return f"(np.float32({x}), np.float32({y}))"
