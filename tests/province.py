"""A provincial deployment for tests: the 69 communes of Hà Tĩnh with two invented villages each, read by one gateway."""

import csv
from pathlib import Path

from gateway.deployment import Deployment, load_deployment, shipped_deployment

COMMUNES = Path(__file__).parent / "data" / "ha_tinh_communes.csv"  # official codes, names and positions
PROVINCE = "00042"  # whose a message is that names no village: the province's own desk
_TITLE = "Hà Tĩnh"


def letters_of(number: int) -> str:
    """Two letters for the commune of that row, without I, L, O, U."""
    alphabet = "ABCDEFGHJKMNPQRSTVWXYZ"
    return f"{alphabet[number // len(alphabet)]}{alphabet[number % len(alphabet)]}"


def rows() -> list[dict[str, str]]:
    """The communes as the official list has them, with letters."""
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        return [row | {"letters": letters_of(number)} for number, row in enumerate(csv.DictReader(file))]


def make_province(folder: Path) -> Path:
    """Change a copy of the shipped deployment in `folder` into the province's."""
    communes = rows()
    _write(folder / "communes.csv", ["code", "name", "type", "province", "letters", "lat", "lon"], [
        [PROVINCE, _TITLE, "tỉnh", "tỉnh Hà Tĩnh", "ZZ", "18.3419", "105.903"],
        *([row["code"], row["name"], row["type"], "tỉnh Hà Tĩnh", row["letters"], row["lat"], row["lon"]] for row in communes),
    ])  # fmt: skip
    _write(folder / "villages.csv", ["code", "name", "kind", "commune", "households", "lat", "lon", "contact", "note"], [
        [f"{row['letters']}0{number}", f"Làng Thử {row['letters']} {number}", "thôn", row["code"], "80", row["lat"], row["lon"],
         f"Trưởng thôn Trần Văn Ví Dụ - 03000{at:03d}{number:02d}", "TÊN BỊA"]
        for at, row in enumerate(communes) for number in (1, 2)
    ])  # fmt: skip
    _write(folder / "placements.csv", ["village", "number", "piece", "spot"], [])
    _write(folder / "contacts_example.csv", ["msisdn", "village"], [])
    campaign = folder / "campaign.toml"
    campaign.write_text(campaign.read_text("utf-8").replace('commune = "06577"', f'commune = "{PROVINCE}"', 1), "utf-8")
    return folder


def province(folder: Path) -> Deployment:
    """The province's deployment, made in `folder`."""
    for file in shipped_deployment().iterdir():
        if file.suffix in (".csv", ".toml"):
            (folder / file.name).write_bytes(file.read_bytes())
    return load_deployment(make_province(folder))


def _write(path: Path, heads: list[str], lines: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([heads, *lines])
