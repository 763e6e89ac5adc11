"""The parts of the dock: fields and buttons that know nothing of servers or layers."""

from collections.abc import Callable, Iterable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_lamella.edits import SliceChoice
from napari_lamella.progress import Progress

# As the server knows the roles, and as a person reads them.
ROLES = {
    "gold": "gold (checks people and models)",
    "training": "training",
    "test": "test",
    "external": "external proposal",
}


class ServerPanel(QGroupBox):
    """Address, token, Connect."""

    def __init__(self, address: str, *, token_in_environment: bool) -> None:
        super().__init__("Server")
        self.address = QLineEdit(address)
        self.address.setPlaceholderText("https://lamella.example.org")
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText(
            "taken from LAMELLA_TOKEN" if token_in_environment else "from your account page"
        )
        self.connect_button = QPushButton("Connect")
        form = QFormLayout(self)
        form.addRow("Address", self.address)
        form.addRow("Token", self.token)
        form.addRow(self.connect_button)
        for field in (self.address, self.token):
            field.returnPressed.connect(self.connect_button.click)


class CubePanel(QGroupBox):
    """Study, its cubes, Open."""

    def __init__(self, *, background: bool) -> None:
        super().__init__("Cube")
        self.study = QComboBox()
        self.question = _wrapped()
        self.cubes = QListWidget()
        self.cubes.setMaximumHeight(120)
        self.open = QPushButton("Open")
        self.background = QCheckBox("Read slices in the background")
        self.background.setChecked(background)
        self.background.setToolTip(
            "napari's own setting “Render Layers Asynchronously”: the viewer stays responsive "
            "while slices are on their way."
        )
        layout = QVBoxLayout(self)
        for part in (self.study, self.question, self.cubes, self.background, self.open):
            layout.addWidget(part)

    def show_studies(self, studies: Iterable[tuple[str, str]], chosen: str | None) -> None:
        """Studies as (slug, title)."""
        _fill(self.study, studies, chosen)

    def show_cubes(self, cubes: Iterable[tuple[str, str, bool]], chosen: str | None) -> None:
        """Cubes as (id, line, ready)."""
        self.cubes.blockSignals(True)
        self.cubes.clear()
        for cube_id, line, ready in cubes:
            item = QListWidgetItem(line)
            item.setData(Qt.ItemDataRole.UserRole, cube_id)
            if not ready:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.cubes.addItem(item)
            if cube_id == chosen:
                self.cubes.setCurrentItem(item)
        self.cubes.blockSignals(False)

    def chosen_cube(self) -> str:
        item = self.cubes.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""


class SendPanel(QGroupBox):
    """Edit a copy, and send it back."""

    def __init__(self) -> None:
        super().__init__("Your labels")
        self.source = QComboBox()
        self.copy = QPushButton("Edit a copy")
        self.layer = QComboBox()
        self.role = QComboBox()
        _fill(self.role, ROLES.items(), "gold")
        self.slices = QComboBox()
        _fill(self.slices, ((choice.value, choice.value) for choice in SliceChoice), None)
        self.listed = QLineEdit()
        self.listed.setPlaceholderText("0-5, 9")
        self.name = QLineEdit("napari")
        self.send = QPushButton("Send")
        self.hint = _wrapped()
        start = QHBoxLayout()
        start.addWidget(self.source, 1)
        start.addWidget(self.copy)
        form = QFormLayout(self)
        form.addRow("Start from", start)
        form.addRow("Layer", self.layer)
        form.addRow("Send as", self.role)
        form.addRow("Slices", self.slices)
        form.addRow("", self.listed)
        form.addRow("Name", self.name)
        form.addRow(self.hint)
        form.addRow(self.send)
        self.slices.currentIndexChanged.connect(self._show_listed)
        self._show_listed()

    @property
    def choice(self) -> SliceChoice:
        return SliceChoice(self.slices.currentData())

    def show_sources(self, names: Iterable[str]) -> None:
        _fill(self.source, ((name, name) for name in names), None)

    def show_layers(self, names: Iterable[str], chosen: str | None) -> None:
        _fill(self.layer, ((name, name) for name in names), chosen)

    def _show_listed(self, *_: object) -> None:
        self.listed.setVisible(self.choice is SliceChoice.LISTED)


class StatusPanel(QWidget):
    """One sentence, a progress bar while something runs, and Stop."""

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        self.sentence = _wrapped()
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.stop = QPushButton("Stop")
        self.stop.clicked.connect(stop)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence)
        layout.addLayout(row)
        self.show_busy(False)

    def say(self, text: str, *, trouble: bool = False) -> None:
        self.sentence.setText(f"⚠ {text}" if trouble else text)

    def show_progress(self, progress: Progress) -> None:
        self.say(f"{progress.message} …")
        # The bar counts in thousandths: bytes of a large file do not fit Qt's 32-bit numbers.
        self.bar.setRange(0, 1000 if progress.total else 0)
        if progress.total:
            self.bar.setValue(progress.done * 1000 // progress.total)

    def show_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(busy)


def _wrapped() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    return label


def _fill(box: QComboBox, entries: Iterable[tuple[str, str]], chosen: str | None) -> None:
    """Show (data, text) entries, without telling listeners."""
    box.blockSignals(True)
    box.clear()
    for data, text in entries:
        box.addItem(text, data)
    at = box.findData(chosen)
    if at >= 0:
        box.setCurrentIndex(at)
    box.blockSignals(False)
