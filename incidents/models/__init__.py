from incidents.models.changes import LastVerdict, VerdictChange
from incidents.models.channels import Channel, Delivery, DeliveryState
from incidents.models.incidents import Incident, IncidentAct, IncidentState
from incidents.models.silences import Silence
from incidents.models.subscriptions import Subscription

__all__ = [
    "Channel",
    "Delivery",
    "DeliveryState",
    "Incident",
    "IncidentAct",
    "IncidentState",
    "LastVerdict",
    "Silence",
    "Subscription",
    "VerdictChange",
]
