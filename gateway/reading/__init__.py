"""Words to meaning, pure: keyword, village, kind and urgency of what residents write."""

from gateway.reading.places import gazetteer_of
from gateway.reading.read import Reading, read
from gateway.reading.village import Gazetteer, gazetteer

__all__ = ["Gazetteer", "Reading", "gazetteer", "gazetteer_of", "read"]
