"""A map of the world with a marker at each country."""

from grafana_foundation_sdk.builders import common, geomap
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.geomap import TooltipMode

_MARKER = {
    "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
    "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
    "lineWidth": 1,
}


def world_map(title: str, *, at: str, size: str, color: str) -> geomap.Panel:
    """Markers by three columns: `at` has the ISO codes (names are Spanish), by which countries are looked up.

    Grafana brings a gazetteer by code and the outlines, so that the map works without the internet; only the
    tiles behind it come from there, and are left out where there is none.
    """
    outlines = (
        common.MapLayerOptions()
        .type("geojson")
        .name("Outlines")
        .config(
            {
                "src": "public/maps/countries.geojson",
                "rules": [],
                "style": {
                    **_MARKER,
                    "color": {"fixed": "text"},
                    "opacity": 0.1,
                    "size": {"fixed": 3, "min": 2, "max": 15},
                },
            }
        )
        .tooltip(False)
    )
    markers = (
        common.MapLayerOptions()
        .type("markers")
        .name(size)
        .config(
            {
                "showLegend": True,
                "style": {
                    **_MARKER,
                    "color": {"field": color, "fixed": "blue"},
                    "opacity": 0.6,
                    "size": {"field": size, "fixed": 5, "min": 4, "max": 32},
                },
            }
        )
        .location(
            common.FrameGeometrySource()
            .mode(FrameGeometrySourceMode.LOOKUP)
            .lookup(at)
            .gazetteer("public/gazetteer/countries.json")
        )
        .tooltip(True)
    )
    return (
        geomap.Panel()
        .title(title)
        .view(geomap.MapViewConfig().id("coords").lat(18).lon(0).zoom(1).all_layers(True))
        .basemap(common.MapLayerOptions().type("default").name("Tiles"))
        .layers([outlines, markers])
        .controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(True))
        .tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    )
