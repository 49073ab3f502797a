"""What other witnesses say, brought to headquarters: operators' files, a vendor's history, the registry, receipt pages.

ledger         each import: what, how far, how many rows, and every row that was not taken
landing        receipts and lines into the lake, in chunks that replace themselves; what is known already
values, marks  one cell, one mark: read or refused with a reason. Pure
mapping        which column of an operator's file means what. Pure
guess          the same, guessed from a header. Pure
receipts       rows of a file to receipts and lines. Pure
sheet          a CSV or XLSX file as rows of cells, from any place on
csv_rows       CSV, whatever its encoding
xlsx_rows      XLSX with its merged cells, never an archive bomb
files          import_file
preview        preview: how a file would be read
webkassa       import_webkassa over webkassa_link (calls) and webkassa_rows (pure)
ismpt          check_registry and import_export over ismpt_link (calls) and records (pure)
receipt_page   check_receipt: one receipt by the address in its QR
"""
