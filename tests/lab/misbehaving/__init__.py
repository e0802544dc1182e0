"""Demos that do what a demo must not, each for real."""
