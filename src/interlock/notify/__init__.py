"""The messenger: one message to one chat, and the id that it was given. What is said, when and how often is the herald's.

The token is a part of the address, so no address is ever shown: not in an error, not in its cause, not in a log line.
"""

from interlock.notify.telegram import TelegramNotifier

__all__ = ["TelegramNotifier"]
