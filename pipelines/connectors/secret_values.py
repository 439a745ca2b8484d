"""Secrets of sources: taken from the environment or a folder, put in place of ${NAME}, and kept out of every text."""

import base64
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pipelines.config import Settings
from pipelines.errors import SourceError
from pipelines.site.arrival import PLACEHOLDER
from pipelines.site.checks import SECRET_WORDS

HIDDEN = "***"
_USER = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*@")
_NAME = re.compile(r"([\w.-]+)[\"']?\s*[=:]\s*[\"']?")
_VALUE = re.compile(r"[^\s&;,\"']*")
_SCHEME = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE)


class Secrets:
    """The secrets that one source names. It never shows a value: not in a text, an error or its own repr."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.secrets
        self._values: set[str] = set()

    def filled(self, text: str, *, in_url: bool = False) -> str:
        """The text with its secrets. in_url: percent-encoded, unless the whole address is one secret.

        Raises SourceError where one is missing.
        """
        encode = in_url and PLACEHOLDER.match(text) is None
        filled = PLACEHOLDER.sub(lambda found: self._value(found[1], encode), text)
        if in_url and filled != text:
            self._know_parts(filled)
        return filled

    def know(self, value: str) -> None:
        """Keep a value out of texts from now on, however it is written."""
        if value:
            self._values |= {value, unquote(value), quote(value), quote(value, safe=""), quote_plus(value)}

    def redacted(self, text: str) -> str:
        """The text without secrets: those known, and whatever looks like one."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        return redacted(text)

    def _value(self, name: str, encode: bool) -> str:
        value = os.environ.get(name) or self._of_file(name)
        if not value:
            folder = self._folder or "the folder COLDAISLE_SECRETS"
            raise SourceError(
                f"secret {name} is missing; set the environment variable {name}, or write the file {name} in {folder}"
            )
        if "\n" in value or "\r" in value or "\0" in value:
            raise SourceError(f"secret {name} has several lines; write one line of text")
        self.know(value)
        return quote(value, safe="") if encode else value

    def _of_file(self, name: str) -> str:
        if self._folder is None:
            return ""
        try:
            return Path(self._folder, name).read_text(encoding="utf-8").rstrip("\r\n")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"secret {name} cannot be read ({type(error).__name__}); correct the permissions of its file"
            ) from None

    def _know_parts(self, address: str) -> None:
        """An address that is a secret as a whole is quoted in parts by others' errors."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if password:
            self.know(password)
            self.know(base64.b64encode(f"{user}:{password}".encode()).decode())
        for name, value in parse_qsl(parts.query):
            if SECRET_WORDS.search(name):
                self.know(value)


def redacted(text: str) -> str:
    """The text without passwords in addresses, and without values of what is called a password, key or token."""
    text = _SCHEME.sub(lambda found: f"{found[1]} {HIDDEN}", _USER.sub(f"{HIDDEN}@", text))
    shown, place = "", 0
    while name := _NAME.search(text, place):
        shown, place = shown + text[place : name.end()], name.end()
        if SECRET_WORDS.search(name[1]) and (value := _VALUE.match(text, place)):
            shown, place = shown + HIDDEN, value.end()
    return shown + text[place:]
