"""Static files as collected: named by their content, and gzipped."""

from typing import Any

from whitenoise.compress import Compressor  # type: ignore[import-untyped]
from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)


class GzippedManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Without brotli, which takes half a minute of the first start to save a few kB."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(use_brotli=False, **kwargs)
