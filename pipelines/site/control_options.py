"""How a site wants its setpoints chosen: the `[control]` table of its file."""

from typing import Annotated, Literal

from pipelines.site.checks import Table, within


class ControlOptions(Table):
    """What is minimised, and how carefully.

    objective: facility energy at equal compute, or its cost at the site's tariff; `overhead` and `pue` are there to
        be compared with, for they give away what servers' fans draw in warm halls.
    caution: standard deviations of the model's doubt that count as power. support: whether the record's edge binds.
    physics: whether the gray-box plant answers for powers; else surfaces, within the record.
    exploration_share: of the usual cooling energy, what choices that teach may be expected to cost a day in mode
        `auto`; 0: none are made.
    twin_check: whether a registered twin has a say. meters: a surface for each meter, or one for their total.
    """

    objective: Literal["facility", "overhead", "pue", "cost"] = "facility"
    caution: Annotated[float, within(0.0, 10.0, "", "standard deviations")] = 0.0
    support: bool = True
    physics: bool = True
    twin_check: bool = True
    meters: Literal["each", "total"] = "each"
    exploration_share: Annotated[float, within(0.0, 0.5, "", "of the usual cooling energy")] = 0.02
