"""A chain of shops made up for `pos-hq demo`, whose discrepancies are known beforehand.

goods       goods, units with codes, shops and tills
timeline    three days of trade, a first look the morning after, a last look when a legal term is over
story       documents of the chain: who told what of each
planting    the discrepancies: every kind and cause, with the finding each must give
numbering   numbers, signs, and where the registry has each unit at any time
bodies      bodies of journal rows as the agent writes them
journals    each till's journal, chained with sync.wire
operators   what the operators of fiscal data export, as files
vendor      one register's vendor, simulated, whose history is fetched over HTTP
registry    what IS MPT exports
delivery    batches and heartbeats over HTTP, with everything a line does to them
show        all of it played against the real collector, lake, imports and comparison
"""
