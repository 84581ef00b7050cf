"""Refusals about who is asking."""

from typing import ClassVar

from app.kit.refusals import Refusal


class NotAuthenticated(Refusal):
    """No key, or none that holds."""

    code: ClassVar[str] = "not-authenticated"
    status: ClassVar[int] = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="catalogue"'}


class RoleMissing(Refusal):
    """The key holds, but was not given for this."""

    code: ClassVar[str] = "role-missing"
    status: ClassVar[int] = 403


class DepartmentTaken(Refusal):
    """A department of that code exists with other facts."""

    code: ClassVar[str] = "department-exists"
