"""The window: the module's panel on the left, four views on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer

from .modules import LoadedModule
from .views.slice_view import SliceView
from .views.three_d_view import ThreeDView

ROOT = Path(__file__).resolve().parents[3]
MODULES = (ROOT / "SpineLabel" / "SpineLabel.py", ROOT / "SpineSegment" / "SpineSegment.py")
_VIEWS = (("Red", "Axial"), ("1", ""), ("Yellow", "Sagittal"), ("Green", "Coronal"))


class Window(qt.QMainWindow):
    """A main window with both modules; `slicer.util.mainWindow()` finds it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("Stand-in for 3D Slicer")
        self._tabs = qt.QTabWidget()
        self._tabs.setFixedWidth(460)
        self.views: dict[str, Any] = {
            name: SliceView(name, orientation) if orientation else ThreeDView(name)
            for name, orientation in _VIEWS
        }
        centre, row, grid = qt.QWidget(), qt.QHBoxLayout(), qt.QGridLayout()
        row.addWidget(self._tabs)
        row.addLayout(grid, 1)
        for place, view in enumerate(self.views.values()):
            grid.addWidget(view, place // 2, place % 2)
        centre.setLayout(row)
        self.setCentralWidget(centre)
        self.modules = {path.stem: LoadedModule(path) for path in MODULES}
        for module in self.modules.values():
            scroll = qt.QScrollArea()
            scroll.widgetResizable = True
            scroll.setWidget(module.panel)
            self._tabs.addTab(scroll, module.description.title)
        self._shown: LoadedModule | None = None
        self._tabs.connect("currentChanged(int)", self._on_tab)
        slicer.app.startup_is_complete()
        self._on_tab(0)

    def select_module(self, name: str) -> Any:
        """Go to a module as a user does; returns its widget."""
        self._tabs.currentIndex = list(self.modules).index(name)
        return self.modules[name].widget

    def _on_tab(self, index: int) -> None:
        if self._shown is not None:
            self._shown.widget.exit()
        self._shown = list(self.modules.values())[index]
        self._shown.widget.enter()

    def show_volume(self, node: Any) -> None:
        """Show a volume in all slice views."""
        selection = slicer.app.applicationLogic().GetSelectionNode()
        selection.SetActiveVolumeID(node.GetID())
        slicer.app.applicationLogic().PropagateVolumeSelection()
        for view in self.views.values():
            view.fit()

    def load_sample(self) -> None:
        """Load the extension's sample as a user does in Sample Data, and show it in 3D too."""
        from SampleData import SampleDataLogic

        SampleDataLogic.load("Vertebra", "SpinePhantom")
        self.views["1"].fit()

    def closeEvent(self, event: Any) -> None:
        """End the modules as Slicer does when it quits."""
        for module in self.modules.values():
            module.widget.cleanup()
        slicer.app.about_to_quit()
