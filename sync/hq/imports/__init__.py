"""What other witnesses say, brought to headquarters: operators' files, a vendor's history, the registry, receipt pages.

ledger           each import: what, how far, how many rows, and every row that was not taken
landing          receipts and lines into the lake, in chunks that replace themselves; what is known already
values, marks    one cell, one mark: read or refused with a reason. Pure
mapping, guess   which column of an operator's file means what: configured, guessed from a header. Pure
row_facts        what one row says of its receipt and of goods. Pure
receipts         rows of a file to receipts and lines. Pure
sheet            a file as rows of cells from any place on; csv_rows, xlsx_rows
files            import_file
preview          preview: how a file would be read
webkassa         import_webkassa, over webkassa_link (calls), webkassa_rows and fields (pure)
registry_check   check_registry, codes_to_check
registry_export  import_export, import_export_file, over ismpt_link (calls) and records (pure)
standings        the registry's words into the lake
receipt_page     one receipt by the address in its QR
"""

from __future__ import annotations

from sync.hq.imports.files import import_file
from sync.hq.imports.ledger import ImportBusy, Imported, Ledger, Progress, State
from sync.hq.imports.mapping import Mapping, MappingError, load_mappings
from sync.hq.imports.preview import Preview, preview
from sync.hq.imports.registry_check import check_registry, codes_to_check
from sync.hq.imports.registry_export import import_export, import_export_file
from sync.hq.imports.webkassa import import_webkassa

__all__ = [
    "ImportBusy", "Imported", "Ledger", "Mapping", "MappingError", "Preview", "Progress", "State", "check_registry",
    "codes_to_check", "import_export", "import_export_file", "import_file", "import_webkassa", "load_mappings",
    "preview",
]  # fmt: skip
