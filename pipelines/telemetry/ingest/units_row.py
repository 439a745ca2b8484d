"""The units row under an export's header, beside the units that the site file gives its points."""

from pipelines.errors import IngestError, SiteError
from pipelines.site.file import Point
from pipelines.site.units import conversion
from pipelines.telemetry.ingest.files import Export


def refuse_other_units(export: Export, points: list[Point]) -> list[str]:
    """Raise IngestError where a units row contradicts a point; returns what of it is not known, for a note."""
    start, notes = f"{export.prefix}/" if export.prefix else "", []
    for point in points:
        column = export.table.find(point.tag.removeprefix(start))
        unit = export.table.units.get(column) if column else None
        if unit is None or unit == point.unit or point.full_scale is not None:
            continue
        try:
            written = conversion(unit, point.quantity)
        except SiteError:
            notes.append(f'{export.name}: unit "{unit}" of {point.tag} is not known; {point.unit} is taken')
            continue
        if written != point.to_canonical:
            raise IngestError(
                f"{export.name}: the units row says that {point.tag} is in {unit}, the site file says "
                f'"{point.unit}"; correct unit of that point'
            )
    return notes
