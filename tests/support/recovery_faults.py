"""The faults of the matrix, in words every family understands; each happens at every command of a receipt in turn."""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: Mapping[str, str] = {
    "L0 no line": "the line cannot be opened or breaks before the command leaves",
    "L1 part of the request": "half of the command arrives, then the line is cut",
    "L2 request lost": "the command never arrives",
    "L2 all requests lost": "from this command on nothing arrives",
    "L2 dies before": "the power goes before the command is carried out",
    "L3 answer lost": "the command is carried out, its answer never comes",
    "L3 all answers lost": "from this command on everything is carried out and nothing is answered",
    "L3 cut after": "the command is carried out, then the line is cut",
    "L3 dies after": "the command is carried out, then the power goes",
    "L4 answer late": "the answer comes long after the time-out",
    "L4 answer twice": "the answer comes twice",
    "L4 done late": "the command is carried out long after the time-out",
    "L5 answer damaged": "one bit of the answer is wrong",
    "L5 answer cut": "half of the answer comes",
    "L5 answer half JSON": "the answer is whole, and its JSON stops half-way",
    "L5 error page": "a page of a box on the way comes instead, the command was not carried out",
    "L6 killed before": "the agent is killed before the command leaves",
    "L6 killed after": "the agent is killed when the answer has come, before it is kept",
    "P1 paper before": "the roll ends before the command is carried out",
    "P2 paper during": "the command is carried out, and the roll ends while it prints",
    "P3 paper after": "the roll ends when the answer has come",
}
