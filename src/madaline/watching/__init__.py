"""A fitted model is watched while it predicts: sequential tests find what has changed."""

from madaline.watching.alarm import Alarm as Alarm
from madaline.watching.alarm import Alarms as Alarms
from madaline.watching.monitor import Monitor as Monitor
