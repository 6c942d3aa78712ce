"""Scenes: what is done to an exchange and to those who use it, in words that the control port and scenario files share."""
