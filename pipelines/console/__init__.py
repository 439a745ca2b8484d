"""What the pages read: small tables, prepared by whoever has the data in hand, so that a page opens without models."""
