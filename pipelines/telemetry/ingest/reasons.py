"""Why a reading is kept out of the table; the exact words appear in reports and in the quarantine."""

SENTINEL = "sentinel"
OUT_OF_RANGE = "out of physical range"
STUCK = "stuck sensor"
DUPLICATE = "duplicate"
NON_MONOTONIC = "non-monotonic time"
UNPARSABLE_TIME = "unparsable time"
UNPARSABLE_VALUE = "unparsable value"
UNPARSABLE_ROW = "unparsable row"
BAD_QUALITY = "bad quality"
AMBIGUOUS_TIME = "ambiguous local time"
NONEXISTENT_TIME = "nonexistent local time"
IMPLAUSIBLE_TIME = "implausible time"
COUNTER_RESET = "counter reset"
# Not bad: a later export has another value at that time. Kept in the raw layer, told apart from the quarantine.
REPLACED = "replaced"

# A reading carries its reason as an index into this list; 0 is a good reading.
REASONS = (
    "", SENTINEL, OUT_OF_RANGE, STUCK, DUPLICATE, NON_MONOTONIC, UNPARSABLE_TIME, UNPARSABLE_VALUE,
    UNPARSABLE_ROW, BAD_QUALITY, AMBIGUOUS_TIME, NONEXISTENT_TIME, IMPLAUSIBLE_TIME, COUNTER_RESET, REPLACED,
)  # fmt: skip
CODE = {reason: code for code, reason in enumerate(REASONS)}
