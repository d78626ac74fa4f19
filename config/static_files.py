"""The files of the pages: one name for one content, for as long as somebody may ask for it.

While a new release is put in place, old processes and new ones answer the same people. A page of
the one asks the other for its scripts, and each module asks for more: were one of them missing, or
another than it was made with, none of them would run. So each module names the others by their
content, what was collected before stays, and a process serves what was collected after its start.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.compress import Compressor
from servestatic.middleware import ServeStaticMiddleware
from servestatic.storage import CompressedManifestStaticFilesStorage

NAMED_BY_CONTENT = re.compile(r"\.[0-9a-f]{12}\.")


class OneNameOneContent(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """What is named by its content is never changed or taken away, whatever is collected.

    It comes whole or not at all: it may be asked for while we write, and for years after.
    """

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
    """One for each step from a page's script to the last module that it needs."""

    keep_intermediate_files = False
    """They would have other content than their name says."""

    def delete(self, name: str) -> None:
        if not NAMED_BY_CONTENT.search(name):
            super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        if not NAMED_BY_CONTENT.search(name):
            return str(super()._save(name, content))
        written = super()._save(f"{name}.new", content)
        os.replace(self.path(written), self.path(name))
        return name

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return _AtOnce(**kwargs)


class _AtOnce(Compressor):  # type: ignore[misc]
    """Its files lie beside those that are being served."""

    @staticmethod
    def write_data(path: str, data: bytes, suffix: str, stat_result: os.stat_result) -> str:
        written = Compressor.write_data(path, data, f"{suffix}.new", stat_result)
        os.replace(written, path + suffix)
        return path + suffix


class StaticFiles(ServeStaticMiddleware):  # type: ignore[misc]
    """Serves what was there at its start, and what is named by its content whenever it came."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in self.files and self._may_have_come_later(path):
            found = await asyncio.to_thread(self.find_file, path)
            if found is not None:
                self.files[path] = found
        response: HttpResponseBase = await super().__call__(request)
        return response

    def _may_have_come_later(self, path: str) -> bool:
        if not self.use_manifest or not path.startswith(self.static_prefix):
            return False
        return NAMED_BY_CONTENT.search(path) is not None
