"""Runs demos in a process of their own, so that nothing a demo does can harm the app."""
