"""Messages to whoever is on duty: the log, and the addresses in COLDAISLE_NOTIFY (mail, chat, pager; apprise)."""

import logging
import threading

from pipelines.config import Settings

log = logging.getLogger(__name__)

_sending: list[threading.Thread] = []


def notify(settings: Settings, title: str, text: str, *, urgent: bool = False) -> threading.Thread | None:
    """Log a message and send it to every address; the thread that sends it, None where there is no address.

    Sending takes place aside, since a mail server that hangs must not delay a decision. An address that fails is
    logged.
    """
    log.warning("%s: %s", title, text)
    addresses = settings.notify.split()
    if not addresses:
        return None
    thread = threading.Thread(target=_send, args=(addresses, title, text, urgent), daemon=True)
    thread.start()
    _sending[:] = [each for each in _sending if each.is_alive()] + [thread]
    return thread


def wait_until_sent(timeout_s: float = 30.0) -> None:
    """Wait for messages that are being sent: a process that ends takes them with it."""
    for thread in _sending:
        thread.join(timeout_s)


def _send(addresses: list[str], title: str, text: str, urgent: bool) -> None:
    import apprise

    for address in addresses:
        sender = apprise.Apprise()
        kind = apprise.NotifyType.FAILURE if urgent else apprise.NotifyType.WARNING
        try:
            sent = sender.add(address) and sender.notify(body=text, title=title, notify_type=kind)
        except Exception as error:  # whatever a plugin does, nothing here may end the process
            log.error("the message was not sent: %s", type(error).__name__)
            continue
        if not sent:  # the address may hold a password: only its kind is logged
            log.error(
                "the message was not sent through %s; correct COLDAISLE_NOTIFY", address.split(":", 1)[0]
            )
