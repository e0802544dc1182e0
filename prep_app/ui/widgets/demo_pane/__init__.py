"""The demo pane: runs a demo beside an answer and shows what it says as it says it."""

from prep_app.ui.widgets.demo_pane.pane import DemoPane

__all__ = ["DemoPane"]
