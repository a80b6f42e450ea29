"""The commune as a drawing of our own: no map service, no tiles, nothing that another machine would learn of a grave."""

from gateway.services.commune_map.drawing import ZOOMS, Drawing, Scene, Zoom, draw
from gateway.services.commune_map.plane import distance_km
from gateway.services.commune_map.scene import Candidate, Fix, Spot

__all__ = ["ZOOMS", "Candidate", "Drawing", "Fix", "Scene", "Spot", "Zoom", "distance_km", "draw"]
