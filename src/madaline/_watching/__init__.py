"""A fitted model is watched while it predicts: sequential tests find what has changed."""

from madaline._watching.alarm import Alarm as Alarm
from madaline._watching.alarm import Alarms as Alarms
from madaline._watching.monitor import Monitor as Monitor
