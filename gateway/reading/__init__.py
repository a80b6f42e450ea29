"""Words to meaning, pure: keyword, village, kind and urgency of what residents write."""

from gateway.reading.field import Field
from gateway.reading.keyword import spellings_of
from gateway.reading.places import PlaceNames, gazetteer_of, place_names_of
from gateway.reading.read import Reading, read
from gateway.reading.village import Gazetteer, gazetteer

__all__ = ["Field", "Gazetteer", "PlaceNames", "Reading", "gazetteer", "gazetteer_of", "place_names_of", "read", "spellings_of"]
