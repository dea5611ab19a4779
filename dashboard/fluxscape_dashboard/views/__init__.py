"""Figures from data: pure functions without session state."""
