"""Lists as files. No text of them is ever run by the program that opens them."""

from io import BytesIO
from typing import Any

from import_export.formats import base_formats
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from devices.cells import harmless


class Csv(base_formats.CSV):
    def export_data(self, dataset: Any, **kwargs: Any) -> str:
        rows = [[harmless(cell) for cell in row] for row in dataset]
        return str(super().export_data(dataset.__class__(*rows, headers=dataset.headers)))


class Xlsx(base_formats.XLSX):
    """Text is stored as text: it stays as it is, and is no formula either."""

    def export_data(self, dataset: Any, **kwargs: Any) -> bytes:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("List")
        sheet.freeze_panes = "A2"
        sheet.append([_heading(sheet, name) for name in dataset.headers])
        for row in dataset:
            sheet.append([_cell(sheet, value) for value in row])
        file = BytesIO()
        book.save(file)
        return file.getvalue()


def _heading(sheet: Any, name: str) -> Any:
    cell = _cell(sheet, name)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
