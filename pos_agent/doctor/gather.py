"""All facts of one till, gathered at the edge. Changes nothing and disturbs no running agent."""

from __future__ import annotations

from pathlib import Path

from pos_agent.config_check import check_file
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import CacheFacts, ConfigFacts, Facts, JournalFacts
from pos_agent.doctor.gather_data import agent_facts, cache_facts, journal_facts
from pos_agent.doctor.gather_devices import printer_facts, register_facts, scanner_facts
from pos_agent.doctor.gather_machine import agent_user, folder_facts, machine_facts, may_look_into, secret_facts
from pos_agent.doctor.gather_outside import endpoint_facts


def gather(path: Path, edge: Edge) -> Facts:
    """Look at the till that the configuration at `path` describes."""
    known = config_facts(path, edge)
    machine = machine_facts(edge)
    config = known.config
    if config is None:
        return Facts(edge.clock.now_ns(), known, machine=machine)
    user = agent_user(edge, machine, config.till.data)
    unseen = () if may_look_into(config.till.data) else (str(config.till.data),)
    agent = agent_facts(config, edge, unseen=bool(unseen))
    alone = bool(unseen) and not agent.running  # Nobody knows whether an agent holds the devices: they are left alone.
    return Facts(
        now_ns=edge.clock.now_ns(),
        config=known,
        user=user,
        machine=machine,
        secrets=secret_facts(config, edge, user),
        folder=folder_facts(edge, config.till.data, user),
        journal=JournalFacts() if unseen else journal_facts(config.journal_path),
        cache=CacheFacts() if unseen else cache_facts(config.cache_path),
        agent=agent,
        scanners=scanner_facts(config, edge, user, agent),
        register=None if alone else register_facts(config, edge, agent),
        printer=None if alone else printer_facts(config, edge, agent),
        endpoints=endpoint_facts(config, edge),
        unseen=unseen,
    )


def config_facts(path: Path, edge: Edge) -> ConfigFacts:
    try:
        found = check_file(path, edge.environment)
    except FileNotFoundError:
        return ConfigFacts(str(path), exists=False)
    except PermissionError:
        return ConfigFacts(str(path), exists=True, unseen=True)
    except OSError as error:
        return ConfigFacts(str(path), exists=True, mistakes=(f"{path}: {error.strerror}",))
    told = {
        serious: tuple(one.told(path) for one in found.mistakes if one.serious is serious) for serious in (True, False)
    }
    return ConfigFacts(str(path), True, told[True], told[False], found.config)
