"""What kind of body a department is; instruments bind by it."""

from collections.abc import Mapping
from typing import Literal

from app.policies.rules.model import Label

BodyKind = Literal[
    "government_bureau",
    "government_department",
    "statutory_body",
    "mainland_body",
    "university",
    "charity",
    "private_company",
    "other",
]


def _label(en: str, zh_hant: str, zh_hans: str) -> Label:
    return Label.model_validate({"en": en, "zh-Hant": zh_hant, "zh-Hans": zh_hans})


# `other` says that it is none of these, which is an answer; nothing stated is none.
BODY_KINDS: Mapping[BodyKind, Label] = {
    "government_bureau": _label("Government bureau", "政府決策局", "政府决策局"),
    "government_department": _label("Government department", "政府部門", "政府部门"),
    "statutory_body": _label("Statutory body", "法定機構", "法定机构"),
    "mainland_body": _label("Body of the Mainland", "內地機構", "内地机构"),
    "university": _label("University", "大學", "大学"),
    "charity": _label("Charity", "慈善機構", "慈善机构"),
    "private_company": _label("Private company", "私營公司", "私营公司"),
    "other": _label("None of these kinds", "不屬以上類別", "不属以上类别"),
}
