"""A deployment's own villages and the names of what they lie in."""

from gateway.deployment import Deployment
from gateway.reading.village import Gazetteer, gazetteer


def gazetteer_of(deployment: Deployment) -> Gazetteer:
    """The deployment's villages, arranged for reading; "xã Thống Nhất", "Lạng Sơn" behind a village name are no other place."""
    provinces = {commune.province.partition(" ")[2] for commune in deployment.communes.values()}
    communes = {commune.name for commune in deployment.communes.values()} | {deployment.campaign.commune_name}
    return gazetteer(deployment.villages, home=sorted(filter(None, communes | provinces)))
