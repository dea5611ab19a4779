"""The dashboard of fluxscape: towers, footprints, model and atlas in the browser."""
