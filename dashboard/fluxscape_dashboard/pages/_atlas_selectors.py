"""The left zone of the Atlas page: layer, second layer, significance, colours, region."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

from fluxscape_dashboard.pages._widgets import MARGIN, choice, heading, note
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct


def selectors(page: PageView, product: NationalProduct, region: Any) -> Any:
    """Return the left zone; ``region`` is what a region is chosen with."""
    layers = product.layers()
    return pmui.Column(
        named_choice(page, "at_variable", "atlas.flux", "flux", buttons=True),
        named_choice(page, "at_layer", "atlas.layer", "layer", options=layers),
        named_choice(page, "at_second", "atlas.second", "second", options=["none", *layers]),
        _second_year(page, product),
        heading(page, "atlas.region_heading"),
        region,
        heading(page, "atlas.significance_heading"),
        named_choice(page, "at_test", "atlas.test", "test"),
        note(page, "atlas.test_note"),
        choice(
            page,
            "at_level",
            "atlas.level",
            page.state.param.at_level.objects,
            lambda value, lang: f"p < {value:g}" if lang else "",
        ),
        _switch(page, "at_hatch", "atlas.hatch"),
        _switch(page, "at_field", "atlas.field"),
        note(page, "atlas.field_note"),
        heading(page, "atlas.colours_heading"),
        named_choice(page, "at_colours", "atlas.colours", "colours"),
        named_choice(page, "at_stretch", "atlas.stretch", "stretch"),
        note(page, "atlas.colours_fixed"),
        _opacity(page),
        sizing_mode="stretch_width",
        margin=0,
    )


def named_choice(
    page: PageView,
    name: str,
    key: str,
    prefix: str,
    *,
    buttons: bool = False,
    options: list[str] | None = None,
) -> Any:
    """Return a choice whose options have texts ``atlas.<prefix>_<option>``."""
    return choice(
        page,
        name,
        key,
        page.state.param[name].objects if options is None else options,
        lambda value, lang: t(f"atlas.{prefix}_{value}", lang),
        buttons=buttons,
    )


def _second_year(page: PageView, product: NationalProduct) -> Any:
    """Return the year of the layer on the right, seen while that layer has one."""
    state = page.state
    slider = pmui.DiscreteSlider(
        label=page.bound("atlas.second_year"),
        options=product.years,
        value=product.nearest_year(state.at_second_year),
        size="small",
        sizing_mode="stretch_width",
        margin=(4, 8),
        visible=state.param.at_second.rx().rx.in_(["annual", "difference"]),
    )
    slider.param.watch(lambda event: state.param.update(at_second_year=int(event.new)), "value")
    state.param.watch(
        lambda event: setattr(slider, "value", product.nearest_year(event.new)), "at_second_year"
    )
    return slider


def _switch(page: PageView, name: str, key: str) -> Any:
    switch = pmui.Switch(label=page.bound(key), value=page.state.param[name], margin=MARGIN)
    switch.param.watch(lambda event: page.change(**{name: event.new}), "value")
    return switch


def _opacity(page: PageView) -> Any:
    opacity = pmui.FloatSlider(
        label=page.bound("atlas.opacity"),
        start=page.state.param.at_opacity.bounds[0],
        end=1.0,
        step=0.05,
        value=page.state.param.at_opacity,
        format="0%",
        size="small",
        sizing_mode="stretch_width",
        margin=(6, 8),
    )
    opacity.param.watch(lambda event: page.change(at_opacity=event.new), "value_throttled")
    return opacity
