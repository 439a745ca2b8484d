import json
import socket
import time

import pytest

from pipelines.operations.heartbeat import Ear, HeartbeatError, Pulse, parsed


@pytest.fixture
def ear():
    found = Ear("127.0.0.1:0", "north")
    yield found
    found.close()


def test_beat_ends_the_silence(ear):
    time.sleep(0.05)
    assert ear.silent_s() >= 0.05
    Pulse(ear.address, "north").beat("well")
    assert ear.listen(2.0)
    assert ear.silent_s() < 0.05
    assert ear.state == "well"


def test_beat_of_another_site_or_noise_is_not_heard(ear):
    Pulse(ear.address, "south").beat("well")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for noise in (b"\xff\x00", b"[]", json.dumps({"state": "well"}).encode()):
            other.sendto(noise, parsed(ear.address))
    assert not ear.listen(0.2)


def test_sender_neither_waits_nor_fails_without_a_listener():
    pulse, began = Pulse("127.0.0.1:9", "north"), time.monotonic()
    for _ in range(100):
        pulse.beat("well")
    assert time.monotonic() - began < 1.0


def test_second_watchdog_of_an_address_is_refused(ear):
    with pytest.raises(HeartbeatError, match="another watchdog"):
        Ear(ear.address, "north")


@pytest.mark.parametrize("address", ["here", "127.0.0.1", ":47601", "host:99999", "host:port"])
def test_address_that_is_none_is_said(address):
    with pytest.raises(HeartbeatError, match="COLDAISLE_HEARTBEAT"):
        parsed(address)
