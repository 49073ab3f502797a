"""Configuration of documents to the registry: their words, and which goods share one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from sync.configuration import ConfigError, Section
from sync.hq.actions.documents import Terms
from sync.hq.actions.groups import Groups, GroupsUnreadable, read_listed
from sync.hq.config_values import GtinBegin, Name


class GroupSection(Section):
    group: Name
    gtins: tuple[GtinBegin, ...]  # What GTINs of 14 digits begin with; the longest that fits counts.


class DocumentsSection(Section):
    """What documents to IS MPT say, where its description leaves it open, and which goods share one."""

    groups: tuple[GroupSection, ...] = ()
    groups_file: Path | None = None  # Lines `GTIN;group`; goes before the beginnings.
    default_group: str = ""  # Empty: goods of no known group stand together by GTIN.
    codes_max: int = Field(default=Terms().codes_max, ge=1)
    gtins_max: int = Field(default=Terms().gtins_max, ge=0)  # 0: any number.
    withdrawal_type: Literal["WITHDRAWAL", "WRITE_OFF"] = "WITHDRAWAL"
    withdrawal_reason: Name = Terms().withdrawal_reason
    reason_other: str = Terms().reason_other
    act_type: Name = Terms().act_type
    act_prefix: Name = Terms().act_prefix
    receipt_type: Name = Terms().receipt_type
    return_reason: Name = Terms().return_reason

    @property
    def terms(self) -> Terms:
        return Terms(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Terms)})

    @field_validator("groups")
    @classmethod
    def _each_beginning_once(cls, groups: tuple[GroupSection, ...]) -> tuple[GroupSection, ...]:
        begins = [begin for one in groups for begin in one.gtins]
        twice = sorted({begin for begin in begins if begins.count(begin) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in two groups")
        return groups

    def read_groups(self) -> Groups:
        """Raises ConfigError."""
        begins = {begin: one.group for one in self.groups for begin in one.gtins}
        if self.groups_file is None:
            return Groups({}, begins, self.default_group)
        try:
            listed = read_listed(self.groups_file.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"documents.groups_file: {self.groups_file}: {error.strerror}") from error
        except (GroupsUnreadable, UnicodeDecodeError) as error:
            raise ConfigError(f"documents.groups_file: {self.groups_file}: {error}") from error
        return Groups(listed, begins, self.default_group)
