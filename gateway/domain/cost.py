"""What sending costs: whole dong, by the segment. Pure."""


def cost_vnd(segments: int, price_vnd: int) -> int:
    """Cost of `segments` at `price_vnd` each; carriers of this country charge by the segment (carriers.md §6.1)."""
    return segments * price_vnd


def affordable(limit_vnd: int | None, spent_vnd: int, price_vnd: int) -> int | None:
    """How many segments more `limit_vnd` allows (a wave's approved ceiling, a route's daily budget). None: any number.

    None for a limit is none; a price of 0 uses nothing up. What is overspent allows no more, and no less than 0.
    """
    if limit_vnd is None or not price_vnd:
        return None
    return max(0, limit_vnd - spent_vnd) // price_vnd


def vnd(amount: int, accented: bool = True) -> str:
    """For people: "1.234.000 đ", unaccented "1.234.000 VND" (a text in GSM 7 has no đ)."""
    return f"{amount:,}".replace(",", ".") + (" đ" if accented else " VND")
