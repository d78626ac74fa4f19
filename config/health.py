"""Is this process alive, and can it do its work?

Whoever asks that asks a process by its address, which is none of our host names: so these are
answered before a request's host is looked at. They say nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import CONTENT_TYPE_LATEST, PLATFORM_COLLECTOR, REGISTRY, generate_latest

from config.figures import Figures

KNOWN_FILE = "chat/css/tokens.css"
"""Every page asks for it. In production a page that cannot name its files is an error, no page."""

REGISTRY.unregister(PLATFORM_COLLECTOR)  # Nobody needs to be told what we run on.
REGISTRY.register(Figures())


def healthz(request: HttpRequest) -> JsonResponse:
    """Alive: the process answers. Touches nothing else."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: the database answers, its tables are this code's, and pages find their files."""
    problems = [*_database_problems(), *_static_problems()]
    return JsonResponse(
        {"ready": not problems, "problems": problems}, status=503 if problems else 200
    )


def _database_problems() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # noqa: BLE001 — whatever it is, this process cannot serve.
        return ["database does not answer"]
    return ["migrations are waiting"] if waiting else []


def _static_problems() -> list[str]:
    """A process reads once, at its start, which files were collected."""
    try:
        staticfiles_storage.url(KNOWN_FILE)
    except ValueError:
        return ["static files are not collected: run manage.py collectstatic, then start again"]
    return []


def metrics(request: HttpRequest) -> HttpResponse:
    """Counters and the event loop's lag of this process, and what waits in the whole house.

    The proxy keeps strangers out.
    """
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


@sync_and_async_middleware
def answer_probes(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware, to be the first: whoever only asks how we are is answered here.

    Exactly these addresses, as the proxy's rule for ``/metrics`` has it, and only to read.
    """
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponse:
            if _is_probe(request):
                return await sync_to_async(_answer)(request)
            response: HttpResponse = await get_response(request)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponse:
        return _answer(request) if _is_probe(request) else get_response(request)

    return answer


def _is_probe(request: HttpRequest) -> bool:
    return request.path_info in _PROBES and request.method in ("GET", "HEAD")


def _answer(request: HttpRequest) -> HttpResponse:
    response = _PROBES[request.path_info](request)
    response.headers["Cache-Control"] = "no-store"
    return response
