"""Alarms: raised by processes, acknowledged by people, sent to whoever is on duty."""

from pipelines.operations.alarms.alarms import Alarm, AlarmBook, acknowledge, alarms_of, unacknowledged

__all__ = ["Alarm", "AlarmBook", "acknowledge", "alarms_of", "unacknowledged"]
