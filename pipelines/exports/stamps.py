"""How an export writes times: text to µs since 1970, on the source's own clock unless the text says its offset.

A form is `None` for ISO 8601, a strptime format, or one of `COUNTED`. Offsets and zone words (`-05:00`, `CDT`) at the
end of a stamp are taken off first, so that no form has to name them; `24:00` is the next day's midnight.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NO_TIME = np.iinfo(np.int64).min
MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
EXCEL_EPOCH_US = -25_569 * DAY_US  # 1899-12-30
# Forms that count from an epoch: µs of one, and where the count of 1990 to 2100 lies.
COUNTED = {
    "epoch_s": (1_000_000.0, 6e8, 5e9), "epoch_ms": (1_000.0, 6e11, 5e12), "epoch_us": (1.0, 6e14, 5e15),
    "epoch_ns": (0.001, 6e17, 5e18), "excel": (float(DAY_US), 3e4, 8e4),
}  # fmt: skip
DATES = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d", "%d-%b-%Y",
    "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d-%B-%Y", "%d %B %Y", "%B %d, %Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d-%b-%y", "%d %b %y", "%Y%m%d", "%a %d-%b-%Y", "%a, %d %b %Y", "%A, %B %d, %Y",
)  # fmt: skip
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S.%f %p", "%H%M", "%H%M%S")
# Words for an offset, minutes ahead of UTC. One that means several (CST, IST, BST) is read by the source's own zone.
ZONE_WORDS = {
    "Z": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180, "WET": 0, "WEST": 60,
    "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120,
    "EEST": 180, "MSK": 180, "BST": 60, "IST": 330, "SGT": 480,
    "HKT": 480, "JST": 540, "KST": 540, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660,
    "NZST": 720, "NZDT": 780,
}  # fmt: skip
# A zone that a word is most often of; a guess, for a person to confirm.
ZONES_OF_WORDS = {
    "EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago", "CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin",
    "BST": "Europe/London", "WET": "Europe/Lisbon", "WEST": "Europe/Lisbon", "EET": "Europe/Helsinki",
    "EEST": "Europe/Helsinki", "IST": "Asia/Kolkata", "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}  # fmt: skip

_WORDS = "|".join(sorted(ZONE_WORDS, key=len, reverse=True))
# An offset or a zone word after a time of day; "12:00 Asia/Singapore" is no such thing and stays unreadable.
_OFFSET = r"(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?"
_ZONE = rf"(?i)(?::\d{{2}}(?:[.,]\d+)?\s*|[ap]m\s*|T\d{{4}}(?:\d{{2}})?)\(?({_OFFSET}|{_WORDS})\)?$"
_ISO = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?|\d{8}T\d{4}(?:\d{2})?"
_PLAIN = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?$"
_MIDNIGHT = r"([ T])24:(00(?::00(?:\.0+)?)?)$"


def times_of(
    connection: duckdb.DuckDBPyConnection, stamps: pa.Array, form: str | None, zone: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """[n] µs since 1970 (NO_TIME where unreadable) and whether they are UTC already. stamps: [n] texts.

    form: as above; ISO 8601 is always read. zone: of the source, whose own words for it go before others' (IST, CST).
    """
    if form in COUNTED:
        return _counted(stamps, form)
    plain = None if form else _plain(stamps)
    if plain is not None:
        return plain, np.zeros(len(stamps), bool)
    connection.register("stamps", pa.table({"t": stamps}))
    bare = _without_zone(form) if form else None
    formatted = f"epoch_us(try_strptime(plain, {_quoted(bare)}))" if bare else "CAST(NULL AS BIGINT)"
    # The zone off the end, with the brackets that it may stand in; then midnight; then the forms.
    ends = "length(t) - length(zone) - CAST(ends_with(t, ')') AND zone <> '' AS INT)"
    table = connection.sql(f"""
        SELECT zone, {formatted} AS formatted,
               CASE WHEN regexp_full_match(plain, '{_ISO}')
                    THEN epoch_us(coalesce(TRY_CAST(replace(plain, ',', '.') AS TIMESTAMP),
                                           try_strptime(plain, '%Y%m%dT%H%M%S'),
                                           try_strptime(plain, '%Y%m%dT%H%M'))) END AS iso,
               CASE WHEN plain <> local THEN {DAY_US} ELSE 0 END AS later
        FROM (SELECT zone, local, regexp_replace(local, '{_MIDNIGHT}', '\\100:\\2') AS plain
              FROM (SELECT zone, trim(rtrim(left(t, {ends}), '(')) AS local
                    FROM (SELECT t, regexp_extract(t, '{_ZONE}', 1) AS zone
                          FROM (SELECT regexp_replace(trim(t), '\\s+', ' ', 'g') AS t FROM stamps))))
    """).to_arrow_table()
    connection.unregister("stamps")
    iso, formatted_us = (
        table[name].cast(pa.int64()).fill_null(NO_TIME).to_numpy() for name in ("iso", "formatted")
    )
    local_us = np.where(formatted_us != NO_TIME, formatted_us, iso)
    there = local_us != NO_TIME
    local_us = np.where(there, local_us + table["later"].cast(pa.int64()).to_numpy(), NO_TIME)
    return _in_utc(local_us, there, table["zone"], zone)


def _plain(stamps: pa.Array) -> np.ndarray | None:
    """[n] µs of stamps that are all ISO 8601 of the plainest form; None where one is not. Several times as fast."""
    if not len(stamps) or stamps.null_count or not pc.all(pc.match_substring_regex(stamps, _PLAIN)).as_py():
        return None
    try:
        return stamps.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # the 30th of February
        return None


def _in_utc(
    local_us: np.ndarray, there: np.ndarray, zones: pa.ChunkedArray, zone: str | None
) -> tuple[np.ndarray, np.ndarray]:
    encoded = pa.chunked_array(zones.chunks, type=pa.string()).combine_chunks().dictionary_encode()
    words = [word or "" for word in encoded.dictionary.to_pylist()]
    place = encoded.indices.fill_null(0).to_numpy()
    us = local_us.copy()
    for number, word in enumerate(words):
        at = np.flatnonzero((place == number) & there)
        if word and len(at):
            us[at] -= _offset_us(word, us[at], zone)
    return us, np.array([bool(word) for word in words], bool)[place] & there


def _offset_us(word: str, local_us: np.ndarray, zone: str | None) -> np.ndarray | int:
    offset = re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", word, re.IGNORECASE)
    if offset:
        minutes = 60 * int(offset[2]) + int(offset[3] or 0)
        return MINUTE_US * (minutes if offset[1] == "+" else -minutes)
    own = _own_offset_minutes(word.upper(), int(local_us[0]), zone)
    return MINUTE_US * (ZONE_WORDS[word.upper()] if own is None else own)


def _own_offset_minutes(word: str, local_us: int, zone: str | None) -> int | None:
    """The offset of a word that the zone itself uses in that year (CST in Asia/Shanghai); None where it does not."""
    if zone is None:
        return None
    year = int(np.datetime64(local_us, "us").astype("datetime64[Y]").astype(int)) + 1970
    for month in (1, 7):
        at = datetime(min(max(year, 1971), 2100), month, 1, tzinfo=ZoneInfo(zone))
        offset = at.utcoffset()
        if at.tzname() == word and offset is not None:
            return round(offset.total_seconds() / 60)
    return None


def _counted(stamps: pa.Array, form: str) -> tuple[np.ndarray, np.ndarray]:
    scale = COUNTED[form][0]
    connection = duckdb.connect()
    connection.register("stamps", pa.table({"t": stamps}))
    kind = "DOUBLE" if form in ("excel", "epoch_s", "epoch_ms") else "BIGINT"
    table = connection.sql(
        f"SELECT TRY_CAST(replace(trim(t), ',', '.') AS {kind}) AS n FROM stamps"
    ).to_arrow_table()
    connection.close()
    count = table["n"].to_numpy()
    known = np.isfinite(count.astype(float)) & (count >= 0)
    us = np.full(len(count), NO_TIME)
    with np.errstate(invalid="ignore", over="ignore"):
        exact = np.round(count[known] * scale).astype(np.int64)
    if form == "excel":
        exact = EXCEL_EPOCH_US + _meant_us(count[known].astype(float), _most_digits(stamps))
    us[known] = exact
    return us, np.full(len(count), form != "excel") & known


def _meant_us(days: np.ndarray, digits: int) -> np.ndarray:
    """µs of days [n] in floating point, to what so many digits after the point can mean of a clock's times."""
    step_s = 0.001 if digits > 7 else 1.0 if digits > 4 else 10.0 if digits == 4 else 60.0
    return (np.round(days * 86_400.0 / step_s) * round(step_s * 1e6)).astype(np.int64)


def _most_digits(stamps: pa.Array) -> int:
    after = pc.struct_field(pc.extract_regex(stamps, r"[.,](?P<digits>\d+)\s*$"), "digits")
    return int(pc.max(pc.utf8_length(after)).as_py() or 0)


def forms() -> Iterator[str]:
    """strptime formats, the commoner first."""
    yield from (f"{date} {time}" for date, time in product(DATES, TIMES))
    yield from (f"{time} {date}" for date, time in product(DATES[:6], TIMES[:5]))
    yield from (f"{date}T{time}" for date, time in product(("%Y%m%d", "%d.%m.%Y"), TIMES[:3]))
    yield from DATES


def _without_zone(form: str) -> str:
    return re.sub(r"\s*\(?%[zZ]\)?\s*$", "", form)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
