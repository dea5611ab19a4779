"""Steps of `tools/build_assets.py`: fetch packages, crop rasters, simplify borders, warp relief."""
