"""One file per page: read what it shows, lay it out."""
