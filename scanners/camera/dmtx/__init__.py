"""libdmtx as a second reader, in a process that is watched."""
