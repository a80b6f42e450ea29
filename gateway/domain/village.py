"""A village: the smallest place the campaign speaks to."""

from dataclasses import dataclass

from gateway.domain.msisdn import Msisdn


@dataclass(frozen=True, slots=True)
class Village:
    """Thôn, xóm, bản or tổ dân phố. `code`: e.g. TN07, unique in the province. `commune`: 5-digit code. `lat`, `lon`: WGS84 degrees."""

    code: str
    name: str
    kind: str
    commune: str
    households: int = 0
    lat: float | None = None
    lon: float | None = None
    contact_name: str = ""
    contact: Msisdn | None = None

    @property
    def title(self) -> str:
        """ "Thôn Nà Lải": kind and name as they stand on paper."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} {self.name}"
