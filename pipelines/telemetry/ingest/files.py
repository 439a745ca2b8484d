"""Which source of the site file an export belongs to, and where in it the site's points are."""

from dataclasses import dataclass
from fnmatch import fnmatch

from pipelines.errors import IngestError
from pipelines.exports import Opened, Table, listed, read_table
from pipelines.site.file import Point, Site, Source


@dataclass(frozen=True)
class Export:
    """One file to read, as a source describes it.

    prefix: what file, folder or title puts before every tag, "" where nothing does.
    columns: of a wide export, the columns that hold values of points, by the file's own name of them.
    """

    table: Table
    source: Source
    prefix: str = ""
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.table.name

    @property
    def sha256(self) -> str:
        """Of the file as given."""
        return self.table.opened.sha256

    def column(self, name: str) -> str:
        """The file's own name of a column that it has."""
        return self.table.find(name) or name

    def quality_of(self, column: str) -> str | None:
        """The column that holds a value column's quality, where there is one."""
        if self.source.quality_suffix is None:
            return None
        return self.table.find(column + self.source.quality_suffix)


def open_export(opened: Opened, site: Site) -> Export:
    """Recognise a file of the site. Raises IngestError where it is unreadable or no source describes it."""
    name = opened.path.name
    sources = [source for source in site.sources if any(fnmatch(name, glob) for glob in source.files)]
    if not sources:
        globs = ", ".join(f"{source.name}: {' '.join(source.files)}" for source in site.sources)
        raise IngestError(
            f"{name} matches no source of site {site.name} ({globs}); rename it or add its pattern to files"
        )
    candidates = [_as_source(opened, source, site) for source in sources]
    return _best(name, site, [each for each in candidates if isinstance(each, Export)], candidates)


def points_of(site: Site, source: Source) -> list[Point]:
    """The site's points that come with a source's exports, in the site file's order."""
    return [point for point in site.points if point.source == source.name]


def tag_of(*parts: str) -> str:
    """A tag from what identifies it: prefix, identities, column."""
    return "/".join(part for part in parts if part)


def _as_source(opened: Opened, source: Source, site: Site) -> "Export | IngestError":
    """The file as this source describes it, or why it is not."""
    try:
        table = read_table(opened, source.time_column)
        export = Export(table, source, _prefix(table, source))
        return _with_columns(export, points_of(site, source), site)
    except IngestError as error:
        return error


def _prefix(table: Table, source: Source) -> str:
    path = table.opened.path
    match source.tag_from:
        case "file":
            return path.name.split(".", 1)[0]
        case "folder":
            return path.absolute().parent.name
        case "title":
            if not table.title:
                raise IngestError(
                    f'{path.name} has no title above its header, which tag_from = "title" of source {source.name} '
                    f"asks for; export it with its title, or correct tag_from"
                )
            return table.title
    return ""


def _with_columns(export: Export, points: list[Point], site: Site) -> Export:
    source, table = export.source, export.table
    needed = [
        source.time_column,
        *filter(None, (source.date_column, source.quality_column)),
        *source.tag_columns,
    ]
    if source.layout == "long":
        needed.append(source.value_column)
    _refuse_missing(export, site, [name for name in needed if table.find(name) is None], points)
    if source.layout == "long":
        return export
    columns = _value_columns(export, points, site)
    return Export(table, source, export.prefix, columns)


def _value_columns(export: Export, points: list[Point], site: Site) -> tuple[str, ...]:
    table, start = export.table, f"{export.prefix}/" if export.prefix else ""
    own = [point for point in points if point.tag.startswith(start)]
    if not own:
        raise IngestError(
            f'{export.name}: no tag of source {export.source.name} begins with "{start}"; '
            f"add its points to [[points]], or correct tag_from"
        )
    if export.source.identity_columns:
        ends = {name for name in table.header if any(point.tag.endswith(f"/{name}") for point in own)}
        if not ends:
            _refuse_missing(export, site, [own[0].tag.rsplit("/", 1)[-1]], points)
        return tuple(name for name in table.header if name in ends)
    found = {point.tag: table.find(point.tag.removeprefix(start)) for point in own}
    _refuse_missing(export, site, [tag for tag, column in found.items() if column is None], points)
    return tuple(dict.fromkeys(column for column in found.values() if column is not None))


def _refuse_missing(export: Export, site: Site, missing: list[str], points: list[Point]) -> None:
    if not missing:
        return
    source, table = export.source, export.table
    doubled = [name for name in missing if name in table.repeated]
    if doubled:
        name, count = doubled[0], table.repeated[doubled[0]]
        raise IngestError(
            f'{export.name} has {count} columns "{name}", so it is not known which one is meant; write "{name} #1" to '
            f'"{name} #{count}" in the site file, or give them names of their own in the export'
        )
    if source.time_column in missing:
        raise IngestError(
            f'{export.name} has no time column "{source.time_column}" (source {source.name}); it has '
            f"{listed(list(table.header))}. Is it a file of another site? Else correct time_column in the site file"
        )
    remedy = "correct the tags in the site file, or export the missing columns"
    if source.layout == "wide" and not any(table.find(point.tag) for point in points) and not export.prefix:
        remedy = f"no tag of source {source.name} is in it: is it a file of another site?"
    raise IngestError(
        f"{export.name} lacks column {listed(missing)}, needed for source {source.name} of site {site.name}; "
        f"it has {listed(list(table.header))}; {remedy}"
    )


def _best(name: str, site: Site, exports: list[Export], tried: "list[Export | IngestError]") -> Export:
    if not exports:
        errors = [error for error in tried if isinstance(error, IngestError)]
        raise errors[0] if len(errors) == 1 else IngestError(" / ".join(str(error) for error in errors))
    ranked = sorted(exports, key=lambda export: -_fit(site, export))
    if len(ranked) > 1 and _fit(site, ranked[0]) == _fit(site, ranked[1]):
        raise IngestError(
            f"{name} fits source {ranked[0].source.name} and source {ranked[1].source.name} equally; "
            f"make their files patterns or columns differ in the site file"
        )
    return ranked[0]


def _fit(site: Site, export: Export) -> int:
    return len(export.columns) if export.source.layout == "wide" else len(points_of(site, export.source))
