"""The duplicate standard: what each class of likeness allows, and what a keeper must be."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from app.policies.rules.joins import FALL, GROW, RISE, rise_in
from app.policies.rules.model import Frozen, Name

# From loose to strict.
Outcome = Literal[
    "deletable_after_review", "curator_decision", "keep_as_variant", "not_a_duplicate"
]
ClassName = Literal[
    "exact_bytes",
    "identical_image_data",
    "derivative_reduced",
    "derivative_converted",
    "re_digitisation",
    "undetermined",
    "crop",
    "tonal_variant",
    "retouched_or_composite",
    "sequence",
    "capture_pair",
    "unrelated",
]
# No policy, the city's included, makes these deletable (docs/domain.md, classes).
FLOOR: Mapping[ClassName, Outcome] = {
    "undetermined": "curator_decision",
    "crop": "keep_as_variant",
    "tonal_variant": "keep_as_variant",
    "retouched_or_composite": "keep_as_variant",
    "sequence": "keep_as_variant",
    "capture_pair": "keep_as_variant",
    "unrelated": "not_a_duplicate",
}
# What the eligibility statement can evaluate: an unknown word would be a filter nobody applies.
ClassCondition = Literal[
    "metadata_of_copy_subset_of_keeper_or_merged",
    "regenerable_from_keeper",
    "not_in_use",
    "not_published_rendition",
]
KeeperFilter = Literal[
    "present",
    "fixity_fresh",
    "sealed",
    "not_doomed",
    "custody_not_ending",
    "not_removable_location",
    "legal_not_weaker",
]
RankStep = Literal[
    "hold_or_archival_custody",
    "trusted_custody",
    "fixity_verified_recently",
    "provenance_completeness",
    "generation",
    "technical_fidelity",
    "richest_metadata",
    "inbound_references",
    "earliest_registration",
    "asset_id",
]
CustodyTier = Literal[
    "archive", "library_or_museum_repository", "department", "contracted_platform"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class ClassRule(Frozen):
    """What may happen to the copy of a pair of one class, and after whose review."""

    default: Annotated[Outcome, rise_in(*OUTCOMES)]
    reviewers: Annotated[int | None, Field(ge=1), RISE] = None
    review_unit: Annotated[Literal["group", "item"] | None, rise_in("group", "item")] = None
    condition: Mapping[ClassCondition, Literal[True]] = {}
    outcome_when_legal_forbids: Literal["replace_with_reference"] | None = None


class Thresholds(Frozen):
    """Where one class of likeness ends and the next begins; an overlay may move them to keeping.

    Percent where the name says so; levels are of 0 to 255; strengths and weights count the limit of
    coding noise as 1. `docs/standard.md` says what each is compared with. What a document omits,
    as those recorded before there were pictures to measure do, has the value that is shipped.
    """

    registration_inliers_min: Annotated[int, Field(ge=8), RISE] = 30
    registration_likeness_min: Annotated[float, Field(ge=0, le=1), RISE] = 0.4
    registration_found_again_min: Annotated[float, Field(ge=0, le=1), RISE] = 0.6
    derivative_aspect_difference_max_percent: Annotated[float, Field(ge=0, le=100), FALL]
    derivative_likeness_min: Annotated[float, Field(ge=0, le=1), RISE] = 0.75
    derivative_scale_max_percent: Annotated[float, Field(ge=0, le=100), FALL] = 80
    derivative_detail_min_percent: Annotated[float, Field(ge=0, le=100), RISE] = 6
    derivative_compared_pixels_min: Annotated[int, Field(ge=0), RISE] = 6000
    derivative_informative_blocks_min: Annotated[int, Field(ge=0), RISE] = 16
    crop_coverage_below_percent: Annotated[float, Field(ge=0, le=100), RISE]
    residual_strength_max: Annotated[float, Field(ge=1), FALL] = 2.0
    residual_region_weight_max: Annotated[float, Field(ge=1), FALL] = 5.0
    tone_shift_mean_max_levels: Annotated[float, Field(ge=0, le=255), FALL] = 1.5
    tone_shift_greatest_max_levels: Annotated[float, Field(ge=0, le=255), FALL] = 4.0
    tone_chroma_change_max_percent: Annotated[float, Field(ge=0, le=100), FALL] = 6
    sharpness_change_max_percent: Annotated[float, Field(ge=0, le=100), FALL] = 8
    sharpness_change_reduced_max_percent: Annotated[float, Field(ge=0, le=100), FALL] = 30
    rotation_max_degrees: Annotated[float, Field(ge=0, le=45), FALL] = 0.1
    same_form_likeness_below: Annotated[float, Field(ge=0, le=1), RISE] = 0.8


class Nomination(Frozen):
    """Which pairs are put before people; never decides a class."""

    phash_max_bits: int = Field(ge=0, le=64)
    pdq_max_bits: int = Field(ge=0, le=256)
    pdq_min_quality: int = Field(ge=0, le=100)
    # Of 128; so rare between strangers that ten million of them give less than one by chance.
    words_min_shared: int = Field(default=4, ge=2, le=128)


class LowInformationGuard(Frozen):
    """Which images are too empty for a perceptual hash to say anything."""

    enabled: bool
    kinds: tuple[Literal["blank", "two_tone"], ...]
    effect: Literal["not_nominated_by_likeness"]


class RepetitionAlarm(Frozen):
    """How many identical images in one sequence are a fault of digitisation."""

    scope: Name
    more_than_identical: int = Field(ge=1)
    route_to: Literal["fault"]


class DuplicateStandard(Frozen):
    """The part of a policy that says what a duplicate is and which copy stays."""

    classes: Mapping[ClassName, ClassRule]
    thresholds: Thresholds
    nomination: Nomination
    low_information_guard: LowInformationGuard
    repetition_alarm: RepetitionAlarm
    keeper_filters: Annotated[tuple[KeeperFilter, ...], GROW]
    keeper_rank: tuple[RankStep, ...] = Field(min_length=1)
    custody_tiers: tuple[CustodyTier, ...] = Field(min_length=1)
    min_verified_copies: Annotated[int, Field(ge=1), RISE]
    keeper_fixity_max_age_days: Annotated[int, Field(ge=1), FALL]

    @field_validator("classes")
    @classmethod
    def name_every_class(
        cls, classes: Mapping[ClassName, ClassRule]
    ) -> Mapping[ClassName, ClassRule]:
        """Refuse a class left out, and one set below what any policy may allow."""
        if absent := [name for name in get_args(ClassName) if name not in classes]:
            message = f"every class needs its rule; absent: {', '.join(absent)}"
            raise ValueError(message)
        for name, least in FLOOR.items():
            if OUTCOMES.index(classes[name].default) < OUTCOMES.index(least):
                message = f"{name} can be nothing looser than {least}, in any policy"
                raise ValueError(message)
        return classes
