"""The demo pane: runs one demo and shows what it says as it says it."""

from prep_app.ui.widgets.demo_pane.pane import DemoPane

__all__ = ["DemoPane"]
