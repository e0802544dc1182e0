"""prep's own two themes, one dark and one light."""

from textual.theme import Theme

QUIET = "$foreground 75%"  # for what may be read second; "$text-muted" is drawn as plain white inside Content

DARK = Theme(
    name="prep-dark",
    primary="#6cb6a8",
    secondary="#8aa4c8",
    accent="#e3b168",
    foreground="#d9dee4",
    background="#12161b",
    surface="#181d24",
    panel="#222932",
    success="#8cc47f",
    warning="#e3b168",
    error="#e8797f",
    dark=True,
    variables={"scrollbar": "#3a4550", "scrollbar-background": "#12161b", "scrollbar-hover": "#4d5a68"},
)

LIGHT = Theme(
    name="prep-light",
    primary="#0b6e63",
    secondary="#3c5a80",
    accent="#9a5a00",
    foreground="#22272d",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e7e3da",
    success="#2d6a2a",
    warning="#8a5200",
    error="#b3261e",
    dark=False,
    variables={"scrollbar": "#cfc9bc", "scrollbar-background": "#fbfaf7", "scrollbar-hover": "#b5ae9e"},
)
