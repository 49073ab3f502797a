"""The comparison of the three witnesses, written once with Ibis and run on DuckDB or Spark.

hot          first pass, on fingerprints alone: which codes have to be looked at
hot_polars   the same by hand in Polars, the fast path
documents    one row per unit and document, with what each witness says of it; where each unit stands
pairing      which line of the operator belongs to which line of the journal, where the marks do not agree
judgement    second pass, on whole rows of those codes: every kind of a unit, with its cause
receipts     gaps in numbers, drift of clocks
fleet        tills that have fallen silent, rows missing from a journal
counts       units per day, till and shift
facts        what the comparison has to know and no witness says
calendar     working days of Kazakhstan
duck, spark  the engines
run          all of it over a range of days
exceptions   findings as cases with a history
"""
