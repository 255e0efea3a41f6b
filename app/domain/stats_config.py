"""The constants that the seed's clients ask for (contract 10.3): its numbers, and the names this service knows."""

from __future__ import annotations

import msgspec

from app.domain import decay
from app.domain.memories import WIRE_STATES, Category, MemoryType, Tier
from app.domain.relations import ASSERTABLE, RelationType
from app.domain.spaces import MAX_MEMBERS_PER_TEAM, MAX_SPACES_PER_USER, SpaceKind


class DecayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How strength falls."""

    half_life_days: float = decay.HALF_LIFE_DAYS
    importance_modulation: float = decay.IMPORTANCE_MODULATION
    recency_weight: float = decay.RECENCY_WEIGHT
    frequency_weight: float = decay.FREQUENCY_WEIGHT
    intrinsic_weight: float = decay.INTRINSIC_WEIGHT
    tiers: dict[str, decay.TierDecay]


class Promotion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What moves a memory up a tier; `min_importance` only where it counts."""

    min_access_count: int
    min_composite: float
    min_importance: float = 0.0


class PromotionConfig(msgspec.Struct, frozen=True):
    """What moves memories up."""

    peripheral_to_working: Promotion
    working_to_core: Promotion


class Demotion(msgspec.Struct, frozen=True):
    """Below which strength a memory moves down a tier."""

    max_composite: float


class DemotionConfig(msgspec.Struct, frozen=True):
    """What moves memories down."""

    core_to_working: Demotion
    working_to_peripheral: Demotion


class RetrievalConfig(msgspec.Struct, frozen=True):
    """How the seed ranks."""

    stages: list[str]
    default_min_score: float
    rrf_k: int
    vector_weight: float
    bm25_weight: float


class AdmissionPreset(msgspec.Struct, frozen=True):
    """Below which score a fact is rejected, and from which it is admitted."""

    reject: float
    admit: float


class AdmissionWeights(msgspec.Struct, frozen=True):
    """What the score of a fact is made of."""

    utility: float
    confidence: float
    novelty: float
    recency: float
    type_prior: float


class AdmissionConfig(msgspec.Struct, frozen=True):
    """How strict ingest is; the names of the presets are those of the setting `admission`."""

    presets: dict[str, AdmissionPreset]
    weights: AdmissionWeights


class SpacesConfig(msgspec.Struct, frozen=True):
    """What spaces weigh in the seed's search, and the limits that hold."""

    search_weights: dict[str, float]
    max_spaces_per_user: int
    max_members_per_team: int


class StatsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All constants."""

    decay: DecayConfig
    promotion: PromotionConfig
    demotion: DemotionConfig
    retrieval: RetrievalConfig
    admission: AdmissionConfig
    spaces: SpacesConfig
    categories: list[str]
    tiers: list[str]
    memory_types: list[str]
    states: list[str]
    relation_types: list[str]


STAGES = [
    "parallel_search", "rrf_fusion", "rrf_normalize", "min_score_filter", "topk_cap", "cross_encoder_rerank",
    "bm25_floor", "decay_boost", "importance_weight", "length_normalization", "hard_cutoff", "mmr_diversity",
]  # fmt: skip
TO_WORKING, TO_CORE = decay.PROMOTIONS.to_working, decay.PROMOTIONS.to_core

CONFIG = StatsConfig(
    decay=DecayConfig(tiers={tier.value: shape for tier, shape in decay.TIERS.items()}),
    promotion=PromotionConfig(
        Promotion(TO_WORKING.access_count, TO_WORKING.composite),
        Promotion(TO_CORE.access_count, TO_CORE.composite, TO_CORE.importance),
    ),
    demotion=DemotionConfig(
        Demotion(decay.DEMOTIONS.core_to_working.composite), Demotion(decay.DEMOTIONS.working_to_peripheral.composite)
    ),
    retrieval=RetrievalConfig(STAGES, default_min_score=0.3, rrf_k=60, vector_weight=0.7, bm25_weight=0.3),
    admission=AdmissionConfig(
        presets={
            "balanced": AdmissionPreset(0.45, 0.60),
            "conservative": AdmissionPreset(0.52, 0.68),
            "high_recall": AdmissionPreset(0.34, 0.52),
        },
        weights=AdmissionWeights(utility=0.1, confidence=0.1, novelty=0.1, recency=0.1, type_prior=0.6),
    ),
    spaces=SpacesConfig(
        {SpaceKind.PERSONAL.value: 1.0, SpaceKind.TEAM.value: 0.8, SpaceKind.ORGANIZATION.value: 0.6},
        MAX_SPACES_PER_USER,
        MAX_MEMBERS_PER_TEAM,
    ),
    categories=[category.value for category in Category],
    tiers=[tier.value for tier in Tier],
    memory_types=[kind.value for kind in MemoryType],
    states=list(dict.fromkeys(WIRE_STATES.values())),
    relation_types=[kind.value for kind in ASSERTABLE if kind is not RelationType.DERIVED_FROM],
)
