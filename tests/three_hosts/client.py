"""What a program of a lab would ask: the API of the one web server, with a token."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

GREEN = ("protected", "none")
OPEN = ("queued", "running", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`status` 0: there was none, and `body` says why."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    url: str
    token: str

    def ask(self, path: str, *, send: object = None, part: str = "") -> Answer:
        """With something to `send` it is a POST."""
        headers = {"Authorization": f"Token {self.token}"} | ({"Range": part} if part else {})
        body = None if send is None else json.dumps(send).encode()
        headers |= {} if body is None else {"Content-Type": "application/json"}
        asked = urllib.request.Request(self.url + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return Answer(status=answer.status, body=answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(status=refused.code, body=refused.read())
        except (OSError, HTTPException) as error:
            return Answer(status=0, body=repr(error).encode())

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Of a list; empty where there is no answer now."""
        answer = self.ask(f"/api/v1/{path}")
        found: list[dict[str, Any]] = []
        if answer.status == 200:
            found = json.loads(answer.body)["results"]
        return found

    def row(self, path: str) -> dict[str, Any]:
        answer = self.ask(f"/api/v1/{path}")
        found: dict[str, Any] = json.loads(answer.body) if answer.status == 200 else {}
        return found

    def devices(self) -> dict[str, dict[str, Any]]:
        """By their names."""
        return {row["name"]: row for row in self.rows("devices/?limit=500")}

    def start(self, device_id: str, kind: str, **send: object) -> dict[str, Any]:
        """The run that is promised; empty: none was."""
        answer = self.ask(f"/api/v1/devices/{device_id}/{kind}/", send=send)
        found: dict[str, Any] = json.loads(answer.body) if answer.status == 202 else {}
        return found
