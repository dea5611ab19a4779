"""Meteorology that the models share: similarity, boundary layer, humidity, sun, weather."""
