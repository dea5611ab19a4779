"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# A first call compiles kernels or imports pint: time says nothing about the property tested.
settings.register_profile("fluxscape", deadline=None)
settings.load_profile("fluxscape")
