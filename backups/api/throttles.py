"""How often one may ask for work, or try a password."""

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle
from rest_framework.views import APIView


class ActionThrottle(UserRateThrottle):
    """What queues a task: more often than this helps nobody."""

    scope = "action"
    rate = "60/min"


class LoginThrottle(SimpleRateThrottle):
    """By the address of the connection, before the password is looked at."""

    scope = "login"
    rate = "10/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": request.META["REMOTE_ADDR"]}
