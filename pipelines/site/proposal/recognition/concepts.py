"""Concepts that words of names stand for, what each weighs, and patterns of them that name a quantity."""

from dataclasses import dataclass, field

SUBJECT, SIDE, MEASURE, ROLE = 3.0, 2.0, 2.0, 2.5


def _words(text: str) -> list[str]:
    return text.split()


WEIGHTS = (
    dict.fromkeys(
        _words(
            "chiller evaporator condenser compressor tower chwp cwp schwp pump crah rack cold_aisle hot_aisle aisle "
            "hall it server ups pdu economizer outdoor utility facility plant cooling building lighting generator chw "
            "cw fan"
        ),
        SUBJECT,
    )
    | dict.fromkeys(_words("supply return leaving entering in out primary secondary"), SIDE)
    | dict.fromkeys(
        _words(
            "temp wetbulb drybulb dewpoint rh power heat load flow airflow pressure dp barometer speed status loss "
            "utilization windspeed winddir share available energy"
        ),
        MEASURE,
    )
    | dict.fromkeys(_words("sp cmd fb enable forecast"), ROLE)
    | {"air": 1.0, "water": 0.5, "total": 0.4}
)
OTHER_WEIGHT = 6.0
BARE = 1.65  # of a name that says power and not of what
# Concepts that may be missing at a price smaller than their weight, where unit and values say the same.
IMPLIED = {"temp": 0.9, "power": 1.2, "status": 0.8, "load": 0.5, "share": 0.5}


@dataclass(frozen=True)
class Pattern:
    """A quantity, or a reason why there is none, and the concepts that name it.

    needs: each an alternative set, of which one has to be named. also: what may stand beside them.
    less: how much worse a name of this pattern is than its words alone tell (a bare `temp` may be anything).
    """

    quantity: str | None
    needs: tuple[frozenset[str], ...]
    also: frozenset[str] = frozenset()
    less: float = 0.0
    reason: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        """Every concept that the pattern explains."""
        allowed = frozenset().union(*self.needs, self.also)
        return allowed | {"energy"} if "power" in allowed else allowed

    @property
    def has_subject(self) -> bool:
        """Whether the pattern needs a machine, a room or a medium."""
        return any(WEIGHTS[concept] == SUBJECT for need in self.needs for concept in need)

    @property
    def weight(self) -> float:
        """What a name gains that has all of it."""
        return sum(max(WEIGHTS[concept] for concept in need) for need in self.needs)


@dataclass
class Table:
    """Patterns under construction."""

    patterns: list[Pattern] = field(default_factory=list)

    def add(
        self, quantity: str | None, *needs: str, also: str = "", less: float = 0.0, reason: str = ""
    ) -> None:
        """Add patterns, one for each of `needs`: concepts, with | between those of which one has to be named."""
        for need in needs:
            sets = tuple(frozenset(word.split("|")) for word in _words(need))
            self.patterns.append(Pattern(quantity, sets, frozenset(_words(also)), less, reason))
