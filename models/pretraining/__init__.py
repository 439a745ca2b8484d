"""A base for the networks of changes: what simulated sites have in common, learned before a site's own record.

`sites.py` simulates hours of many random sites in one vmapped call, `rows.py` reads them as a site's record is read,
and `base.py` trains one set of networks on all; `models.changes.base_network` starts a site's networks from it.
"""
