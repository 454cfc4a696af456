"""Who may do what: the one table. The groups of these names are filled from it at each migration.

Each role may what the one before it may, too. Whoever adds a model or a permission says here who
has it: a test walks over all there are.
"""

from dataclasses import dataclass
from enum import StrEnum


class PersonRole(StrEnum):
    """In the order of what they may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


EXPLAINED = {
    PersonRole.VIEWER: "Sees devices, backups and problems. Changes nothing.",
    PersonRole.OPERATOR: "Also asks for backups, acknowledges problems, silences devices.",
    PersonRole.ADMIN: "Also decides: plans, policies, channels, write-offs, and people.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who has what of one model: `view` stands for `app.view_model`, and so on."""

    viewer: str = "view"
    operator: str = ""
    admin: str = ""
    nobody: str = "add change delete"  # but superusers


_OURS = "add change delete"
_ALL = "view add change delete"
SHOWN = Rights()
INTERNAL = Rights(viewer="", nobody=_ALL)
DECIDED_ON = Rights(admin="change", nobody="add delete")
MANAGED = Rights(admin=_OURS, nobody="")

TABLE: dict[str, Rights] = {
    "devices.device": Rights(operator="refresh", admin="change delete move", nobody="add"),
    "devices.experiment": Rights(admin="change write_off", nobody="add delete"),
    "devices.devicegroup": MANAGED,
    "devices.storage": MANAGED,
    "backups.run": Rights(operator="start cancel"),
    "backups.daemonstatus": Rights(operator="check"),
    "backups.backupplan": MANAGED,
    "backups.policy": MANAGED,
    "backups.otherfile": DECIDED_ON,
    "backups.quarantinedvideo": DECIDED_ON,
    "backups.recordingledger": DECIDED_ON,
    "backups.resultcopy": DECIDED_ON,
    "incidents.incident": Rights(operator="acknowledge"),
    "incidents.silence": Rights(operator=_OURS, nobody=""),
    "incidents.channel": Rights(admin=f"{_OURS} test", nobody=""),
    "incidents.subscription": MANAGED,
    "installation.storedanswer": Rights(operator="ask", admin="leave_lab"),
    "people.apitoken": Rights(viewer="view add delete", nobody="change"),  # each only his own
    "auth.user": Rights(viewer="", admin=_ALL, nobody=""),
    "auth.group": Rights(viewer="", admin=_ALL, nobody=""),
    "django_celery_beat.periodictask": Rights(viewer="", admin="view change", nobody="add delete"),
    "django_celery_results.taskresult": Rights(viewer="", admin="view", nobody=_OURS),
}
OF_NO_MODEL = {
    "viewer": {"devices.export_lists", "backups.download_files"},
    "admin": {"devices.delete_left"},
}  # column -> permissions of other names
_SHOWN = """
    devices.historicaldevice devices.historicaldevicegroup devices.historicalstorage
    devices.nodestatus devices.telling
    backups.backup backups.backupsnapshot backups.cardchange backups.cardlisting
    backups.cardreading backups.claim backups.damagedfile backups.disklook backups.experimentstate
    backups.historicalbackupplan backups.historicalpolicy backups.provenfolder backups.recording
    backups.secondfolder
    backups.videocomparison backups.videoinventory backups.videoscan backups.wipecertificate
    backups.wipequestion
    incidents.delivery incidents.historicalchannel incidents.historicalchannel_groups
    incidents.historicalsilence incidents.historicalsubscription
    incidents.incidentact incidents.lastverdict incidents.verdictchange
"""
_INTERNAL = """
    admin.logentry auth.permission contenttypes.contenttype sessions.session knox.authtoken
    axes.accessattempt axes.accessattemptexpiration axes.accessfailurelog axes.accesslog
    backups.lease backups.thinned
    django_celery_beat.clockedschedule django_celery_beat.crontabschedule
    django_celery_beat.intervalschedule django_celery_beat.periodictasks
    django_celery_beat.solarschedule
    django_celery_results.chordcounter django_celery_results.groupresult
    otp_static.staticdevice otp_static.statictoken otp_totp.totpdevice
"""
TABLE |= dict.fromkeys(_SHOWN.split(), SHOWN) | dict.fromkeys(_INTERNAL.split(), INTERNAL)


def permissions_of(role: PersonRole) -> frozenset[str]:
    """All that it may, as `app.codename`: its own, and what the roles before it may."""
    mine = list(PersonRole)[: list(PersonRole).index(role) + 1]
    return frozenset(name for one in mine for name in named_in(one.value))


def named_in(column: str) -> frozenset[str]:
    """Of one column of the table; `nobody` is what is left to superusers on purpose."""
    return frozenset(
        f"{app}.{action}_{model}"
        for label, row in TABLE.items()
        for app, model in [label.split(".")]
        for action in getattr(row, column).split()
    ) | OF_NO_MODEL.get(column, set())
