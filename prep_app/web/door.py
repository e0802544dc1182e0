"""Who may come in: somebody with the link that was printed, under a name of this machine, from a page of ours.

Whoever comes in can do what the learner can, which includes running code. Other people on the machine have no link.
Another site open in the same browser is stopped three times: its requests carry its own name, as Origin, or as Host
where it has made that name lead to this machine (DNS rebinding); and the browser does not send them our cookie.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from socket import gethostname

from aiohttp import web

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
ASK = "This page opens by the link that prep serve has printed: copy it from there, whole."

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[0-9a-zA-Z_.-]+))(?::(?P<port>[0-9]{1,5}))?")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Door:
    """`host` is what the server listens on; `token` the secret in the link, new each time."""

    host: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @web.middleware
    async def keep(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 403 to whoever may not come in; give a cookie to whoever came by the link."""
        refused = self._stranger(request)
        if refused:
            return web.Response(status=403, text=refused + "\n")
        response = await handler(request)
        if "token" in request.query and not response.prepared:
            response.set_cookie(self._cookie(request), self.token, path="/", httponly=True, samesite="Strict")
        return response

    def _stranger(self, request: web.Request) -> str:
        """Why this request is refused; empty when it is not."""
        host = request.headers.get("Host", "")
        if not self._is_ours(host):
            return f"This server answers to {self.host} only."
        # A browser names the page that asks, in every request of a WebSocket and in those from another site.
        origin = request.headers.get("Origin", "" if _is_websocket(request) else None)
        if origin is not None and origin != f"http://{host}":
            return "Pages of another site may not come in."
        shown = request.query.get("token") or request.cookies.get(self._cookie(request), "")
        return "" if hmac.compare_digest(shown.encode("utf-8", "replace"), self.token.encode()) else ASK

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found["v6"] or found["name"]).lower()
        if is_loopback(self.host):
            return name in THIS_MACHINE | {self.host.lower()}
        return name in THIS_MACHINE | {self.host.lower(), gethostname().lower()} or _is_address(name)

    def _cookie(self, request: web.Request) -> str:
        """Cookies do not know ports: two servers on one machine would overwrite each other's."""
        found = _HOST.fullmatch(request.host)
        return f"prep-{(found and found['port']) or 80}"


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _is_address(name: str) -> bool:
    """A rebound name is a name: an address that was typed as one is nobody's trick."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
