"""A deployment's own villages and the names of what they lie in; and the wider names that people give."""

from dataclasses import dataclass, field

from gateway.deployment import Deployment
from gateway.domain.fold import fold
from gateway.reading.old_places import OldPlaces, old_places
from gateway.reading.passage import lexicon
from gateway.reading.pipelines import meridian_of
from gateway.reading.place_names import KnownPlaces, known_places
from gateway.reading.village import Gazetteer, gazetteer


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """Names beyond the village list, arranged for reading. `meridian`: of the commune's VN-2000 zone, degrees, for read_points()."""

    old: OldPlaces = field(default_factory=lambda: old_places(()))
    known: KnownPlaces = field(default_factory=lambda: lexicon({}))
    meridian: float | None = None


def gazetteer_of(deployment: Deployment) -> Gazetteer:
    """The deployment's villages, arranged for reading; "xã Thống Nhất", "Lạng Sơn" behind a village name are no other place."""
    provinces = {commune.province.partition(" ")[2] for commune in deployment.communes.values()}
    communes = {commune.name for commune in deployment.communes.values()} | {deployment.campaign.commune_name}
    return gazetteer(deployment.villages, home=sorted(filter(None, communes | provinces)))


def place_names_of(deployment: Deployment) -> PlaceNames:
    """The deployment's wider names; made once."""
    return PlaceNames(
        old_places(deployment.mergers), known_places(deployment.known_places), meridian_of(fold(deployment.campaign.province_name))
    )
