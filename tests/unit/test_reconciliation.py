"""How a fact relates to what is known: the rules, the policy and the judge, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from app.domain.decisions import Action, Decision
from app.domain.facts import Fact, Modality
from app.domain.memories import text_hash
from ingest.candidates import Known
from ingest.policy import apply_policy
from ingest.reconciliation import Comparison, decide
from ingest.relation_judge import Label

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def known(text: str, **fields: object) -> Known:
    given = {"id": "m1", "category": "profile", "speaker": "ana", "said_at": MARCH, "valid_from": MARCH, "cosine": 0.7}
    return msgspec.convert({**given, "text": text, "text_hash": text_hash(text), **fields}, Known)


def fact(text: str, **fields: object) -> Fact:
    given = {"category": "profile", "speaker": "ana", "said_at": MAY}
    return msgspec.convert({**given, "text": text, **fields}, Fact)


def decide_one(new: Fact, *candidates: Known) -> Decision:
    return decide([new], [candidates], [text_hash(new.text)])[0]


def decide_batch(*facts: Fact, candidates: Sequence[Known] = ()) -> list[Decision]:
    return decide(facts, [candidates] * len(facts), [text_hash(new.text) for new in facts])


def residence(value: str, **fields: object) -> dict[str, object]:
    return {"subject": "Ana", "attribute": "residence", "value": value, **fields}


def one(value: str, **fields: object) -> dict[str, object]:
    return residence(value, cardinality="one", **fields)


PARIS_EN = known("Ana lives in Paris.", **residence("Paris"))
PARIS_ZH = known("安娜住在巴黎。", **residence("巴黎"))
ROME_EN = fact("Ana moved to Rome.", **one("Rome"))
ROME_ZH = fact("安娜搬到罗马了。", **one("罗马"))
LIVES_IN_ROME_EN = fact("Ana lives in Rome.", **one("Rome"))
LIVES_IN_ROME_ZH = fact("安娜住在罗马。", **one("罗马"))
BOTH = [(PARIS_EN, ROME_EN), (PARIS_ZH, ROME_ZH)]
WITHOUT_CUE = [(PARIS_EN, LIVES_IN_ROME_EN), (PARIS_ZH, LIVES_IN_ROME_ZH)]
DRINK = {"category": "preferences", "subject": "Ana", "attribute": "likes:drink"}


def by(speaker: str, new: Fact) -> Fact:
    return msgspec.structs.replace(new, speaker=speaker)


@pytest.mark.parametrize(("old", "new"), [*BOTH, *WITHOUT_CUE])
def test_a_newer_value_of_the_same_speaker_supersedes(old: Known, new: Fact) -> None:
    decision = decide_one(new, old)

    assert (decision.action, decision.target_id) == (Action.SUPERSEDE, "m1")
    assert decision.requested_action is Action.SUPERSEDE
    assert decision.weight > 0


@pytest.mark.parametrize(("old", "new"), BOTH)
def test_anyone_may_say_that_a_value_changed(old: Known, new: Fact) -> None:
    assert decide_one(by("ben", new), old).action is Action.SUPERSEDE


@pytest.mark.parametrize(("old", "new"), WITHOUT_CUE)
def test_two_users_who_disagree_contradict_each_other(old: Known, new: Fact) -> None:
    assert decide_one(by("ben", new), old).action is Action.CONTRADICT


@pytest.mark.parametrize(
    ("latte", "americano"),
    [
        (("Ana likes latte.", "latte"), ("Ana likes americano.", "americano")),
        (("安娜喜欢拿铁。", "拿铁"), ("安娜喜欢美式咖啡。", "美式咖啡")),
    ],
)
def test_two_values_of_what_has_many_are_both_kept(latte: tuple[str, str], americano: tuple[str, str]) -> None:
    old = known(latte[0], value=latte[1], **DRINK)
    new = fact(americano[0], value=americano[1], **DRINK)

    assert decide_one(new, old).action is Action.CREATE
    assert [decision.action for decision in decide_batch(fact(latte[0], value=latte[1], **DRINK), new)] == [
        Action.CREATE,
        Action.CREATE,
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PARIS_EN, fact("Paris is where Ana has her home.", **one("Paris"))),
        (PARIS_ZH, fact("安娜的家在巴黎。", **one("巴黎"))),
        (PARIS_EN, fact("ana lives in Paris", **one("Paris"))),
        (PARIS_ZH, fact("安娜住在巴黎", **one("巴黎"))),
    ],
)
def test_the_same_claim_is_skipped_by_its_speaker_and_supported_by_another(old: Known, new: Fact) -> None:
    assert decide_one(new, old).action is Action.SKIP
    assert decide_one(by("ben", new), old).action is Action.SUPPORT


@pytest.mark.parametrize("text", ["My native language is Polish.", "我住在浦东。"])
def test_the_same_words_of_two_people_about_themselves_are_two_facts(text: str) -> None:
    decision = decide_one(fact(text, speaker="ben"), known(text))

    assert (decision.action, decision.target_id) == (Action.CREATE, "")


def test_the_same_words_about_another_day_are_another_event() -> None:
    run = "Ana ran ten kilometres."
    old = known(run, category="events")

    assert decide_one(fact(run, category="events", valid_from=MAY), old).action is Action.CREATE
    assert decide_one(fact(run, category="events", valid_from=MARCH), old).action is Action.SKIP


@pytest.mark.parametrize(("old", "new"), [*BOTH, *WITHOUT_CUE])
def test_a_pinned_memory_is_contradicted_and_never_superseded(old: Known, new: Fact) -> None:
    decision = decide_one(new, msgspec.structs.replace(old, is_pinned=True))

    assert (decision.action, decision.requested_action) == (Action.CONTRADICT, Action.SUPERSEDE)
    assert "pinned" in decision.reason


@pytest.mark.parametrize("category", ["events", "cases"])
@pytest.mark.parametrize(("old", "new"), BOTH)
def test_events_and_cases_are_only_added_to(old: Known, new: Fact, category: str) -> None:
    decision = decide_one(
        msgspec.structs.replace(new, category=category), msgspec.structs.replace(old, category=category)
    )

    assert (decision.action, decision.requested_action) == (Action.CREATE, Action.SUPERSEDE)


@pytest.mark.parametrize("category", ["profile", "preferences", "entities", "events", "cases", "patterns"])
@pytest.mark.parametrize("modality", [Modality.PLAN, Modality.WISH, Modality.HYPOTHETICAL, Modality.QUESTION])
@pytest.mark.parametrize(("old", "new"), BOTH)
def test_what_is_not_yet_so_never_replaces_a_fact(old: Known, new: Fact, modality: Modality, category: str) -> None:
    new = msgspec.structs.replace(new, modality=modality, category=category)

    assert decide_one(new, old).action is Action.CREATE
    assert decide_one(by("ben", new), old).action is Action.CREATE


def test_a_plan_gives_way_to_a_newer_plan_and_to_what_it_became() -> None:
    plan = known("Ana plans to move to Rome.", modality="plan", **residence("Rome"))

    assert decide_one(fact("Ana wants to move to Bari.", modality="plan", **one("Bari")), plan).action is (
        Action.SUPERSEDE
    )
    assert decide_one(LIVES_IN_ROME_EN, plan).action is Action.SUPERSEDE


def test_a_plan_stays_while_something_else_is_so() -> None:
    plan = known("Ana plans to move to Rome.", modality="plan", **residence("Rome"))

    assert decide_one(fact("Ana lives in Paris.", **one("Paris")), plan).action is Action.CREATE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("Ana likes latte.", "latte"), ("Ana does not like latte.", "latte")),
        (("安娜喜欢拿铁。", "拿铁"), ("安娜不喜欢拿铁。", "拿铁")),
    ],
)
def test_a_denial_replaces_the_speakers_own_claim_and_contradicts_anothers(
    old: tuple[str, str], new: tuple[str, str]
) -> None:
    claim = known(old[0], value=old[1], **DRINK)
    denial = fact(new[0], value=new[1], modality="negated", **DRINK)

    assert decide_one(denial, claim).action is Action.SUPERSEDE
    assert decide_one(by("ben", denial), claim).action is Action.CONTRADICT


def test_what_cannot_change_is_contradicted_even_by_the_same_speaker() -> None:
    born = {"subject": "Ana", "attribute": "birthplace"}
    old = known("Ana was born in Lyon.", value="Lyon", **born)

    decision = decide_one(fact("Ana was born in Nice.", value="Nice", cardinality="one", **born), old)

    assert decision.action is Action.CONTRADICT


def test_a_condition_makes_two_values_hold() -> None:
    old = known("Ana drinks espresso.", value="espresso", **DRINK)
    new = fact("After four Ana drinks decaf.", value="decaf", context="after four", **DRINK)

    decision = decide_one(new, old)

    assert (decision.action, decision.label) == (Action.CONTEXTUALIZE, "after four")
    assert decide_one(
        fact("Ana drinks tea.", value="tea", **DRINK), known(new.text, context="after four", **DRINK)
    ).action is (Action.CREATE)


def test_an_older_statement_that_comes_late_does_not_replace_a_newer_one() -> None:
    late = msgspec.structs.replace(LIVES_IN_ROME_EN, said_at=MARCH - timedelta(days=300))

    decision = decide_one(late, PARIS_EN)

    assert (decision.action, decision.label, decision.target_id) == (Action.CREATE, "earlier", "m1")


def test_what_ended_before_the_known_value_began_stands_beside_it() -> None:
    past = fact("Ana lived in Oslo until 2019.", valid_to=datetime(2019, 12, 31, tzinfo=UTC), **one("Oslo"))

    assert decide_one(past, PARIS_EN).action is Action.CREATE


@pytest.mark.parametrize(
    ("value", "other", "action"),
    [
        ("Lisbon", "Lisbon, near Alameda", Action.SKIP),
        ("python 3.10", "Python 3.10", Action.SKIP),
        ("Python 3.10", "Python 3.1", Action.SUPERSEDE),
        ("8", "8千", Action.SUPERSEDE),
        ("浦东", "浦东新区", Action.SKIP),
        ("三楼", "3楼", Action.SUPERSEDE),
    ],
)
def test_a_value_in_more_words_is_the_same_and_another_number_is_another(
    value: str, other: str, action: Action
) -> None:
    assert (
        decide_one(fact(f"It is {other}.", **one(other)), known(f"It is {value}.", **residence(value))).action is action
    )


def test_a_profile_of_many_values_is_merged_instead_of_replaced() -> None:
    speaks = {"subject": "Ana", "attribute": "languages"}
    comparison = Comparison(
        fact("Ana speaks French now.", value="French", **speaks),
        "",
        known("Ana speaks Dutch.", value="Dutch", **speaks),
    )

    assert apply_policy(Action.SUPERSEDE, comparison) == (
        Action.MERGE,
        "a profile may have several values of this",
    )


@pytest.mark.parametrize(
    ("category", "speaker", "action"),
    [
        ("preferences", "ana", Action.SUPERSEDE),
        ("entities", "ana", Action.SUPERSEDE),
        ("entities", "ben", Action.CONTRADICT),
        ("profile", "ana", Action.CONTRADICT),
        ("events", "ana", Action.CONTRADICT),
        ("cases", "ana", Action.CONTRADICT),
        ("patterns", "ana", Action.CONTRADICT),
    ],
)
def test_a_contradiction_is_a_replacement_where_its_speaker_may_restate(
    category: str, speaker: str, action: Action
) -> None:
    comparison = Comparison(
        fact("The port is 8600.", category=category, speaker=speaker), "", known("The port is 8500.", category=category)
    )

    assert apply_policy(Action.CONTRADICT, comparison)[0] is action


@pytest.mark.parametrize("category", ["profile", "preferences", "entities", "events", "cases", "patterns"])
@pytest.mark.parametrize("action", [Action.SUPERSEDE, Action.MERGE])
def test_the_policy_never_lets_a_pinned_memory_be_replaced(action: Action, category: str) -> None:
    comparison = Comparison(ROME_EN, "", msgspec.structs.replace(PARIS_EN, is_pinned=True, category=category))

    assert apply_policy(action, comparison)[0] not in (Action.SUPERSEDE, Action.MERGE)


def version(value: str, **fields: object) -> dict[str, object]:
    return {"category": "entities", "attribute": "version", "value": value, **fields}


def test_a_value_without_subject_is_of_what_alone_its_speaker_gave_such_a_value() -> None:
    old = known("Harbor 上线了 1.8", **version("1.8", subject="Harbor"))
    other = known("Anchor 上线了 3.0", **version("3.0", subject="Anchor", id="m2"))
    new = fact("今天发了 2.4", cardinality="one", **version("2.4"))

    assert decide_one(new, old).action is Action.SUPERSEDE
    assert decide_one(new, old, other).action is Action.CREATE
    assert decide_one(by("ben", new), old).action is Action.CREATE


def test_what_differs_by_its_number_alone_is_a_newer_value() -> None:
    needs = {"category": "entities", "subject": "Harbor", "attribute": "requirement"}
    old = known("Harbor needs Node 18 or later.", value="Node 18 or later", **needs)

    newer = fact("Harbor needs Node 20 or later.", value="Node 20 or later", cardinality="many", **needs)
    another = fact("Harbor needs Redis 7.", value="Redis 7", cardinality="many", **needs)

    assert decide_one(newer, old).action is Action.SUPERSEDE
    assert decide_one(another, old).action is Action.CREATE


# --- no slot in common: the judge -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "speaker", "action"),
    [
        ("I keep my notes in Evernote.", "I switched from Evernote to Obsidian for my notes.", "ana", Action.SUPERSEDE),
        ("我用印象笔记记笔记。", "我的笔记已经换成 Obsidian 了，印象笔记不再用。", "ana", Action.SUPERSEDE),
        ("I think the outage comes from the DNS cache.",
         "I checked the resolver logs: the DNS cache really is what caused the outage.", "ben", Action.SUPPORT),
        ("我觉得打印机卡纸是因为纸太潮。",
         "我查了记录，十次卡纸有九次都是纸潮，确实是这个原因。", "ben", Action.SUPPORT),
        ("The office is open until eight.",
         "Except on Fridays, when the office closes at six.", "ana", Action.CONTEXTUALIZE),
        ("办公室八点关门。", "只有周五例外，如果是周五，办公室六点就关门。", "ana", Action.CONTEXTUALIZE),
        ("我喜欢喝茶。", "如果第二天要早起，那几天我不碰茶，怕睡不着。", "ana", Action.CONTEXTUALIZE),
        ("The launch in March was on the 12th.", "The March launch was not on the 12th, it was on the 14th.", "ben",
         Action.CONTRADICT),
    ],
)  # fmt: skip
def test_statements_without_a_slot_are_judged_by_their_words(old: str, new: str, speaker: str, action: Action) -> None:
    decision = decide_one(fact(new, category="entities", speaker=speaker), known(old, category="entities"))

    assert decision.action is action
    assert sum(decision.scores[label] for label in Label) == pytest.approx(1)
    assert decision.weight == max(decision.scores[label] for label in Label)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The blue van has 80,000 km on it.", "The red van has 120,000 km on it."),
        ("蓝色面包车跑了八万公里。", "红色面包车跑了十二万公里。"),
        ("Ada's desk is by the window.", "Leo's desk is by the door."),
        ("I enjoy rowing on Sundays.", "I enjoy chess on Sundays."),
    ],
)
@pytest.mark.parametrize("speaker", ["ana", "ben"])
def test_what_is_only_alike_changes_nothing(old: str, new: str, speaker: str) -> None:
    assert decide_one(fact(new, speaker=speaker, category="entities"), known(old, category="entities")).action is (
        Action.CREATE
    )


def test_a_judgement_in_doubt_is_recorded_and_not_acted_on() -> None:
    old = known("The tests need Docker.", category="entities", subject="unit tests", attribute="needs")
    new = fact(
        "The tests moved to Podman, Docker is no longer used.", category="entities", subject="CI", attribute="engine"
    )

    decision = decide_one(new, old)

    assert (decision.action, decision.requested_action) == (Action.CREATE, Action.SUPERSEDE)
    assert decision.reason.startswith("only proposed")
    assert (decision.target_id, decision.weight) == ("m1", 0.0)


@pytest.mark.parametrize(
    ("old", "new", "cosine", "doubt"),
    [
        ("我报了德语考试，3月21日考。", "出发日期没争议，5月2日从杭州飞昆明。", 0.7, "only days or numbers"),
        ("Bo lives in Graz.", "That is not what Bo signed.", 0.5, "only names"),
        ("The cache runs on Memcached.", "We do not run the cache on Redis.", 0.7, "what one denies"),
    ],
)
def test_a_contradiction_without_common_ground_is_only_proposed(old: str, new: str, cosine: float, doubt: str) -> None:
    other = fact(new, category="entities", speaker="ben")

    decision = decide_one(other, known(old, category="entities", cosine=cosine))

    assert (decision.action, decision.requested_action) == (Action.CREATE, Action.CONTRADICT)
    assert doubt in decision.reason


@pytest.mark.parametrize(
    ("old", "new", "cosine"),
    [
        ("Bo lives in Graz.", "Bo is allergic to bees, in case you plan a picnic.", 0.5),
        ("Bo lives in Graz.", "Bo is allergic to bees, in case you plan a picnic.", None),
        (
            "Lena is in Hamburg.",
            "Lena took over Harbor this week (2026-03-02/2026-03-08), the booking app for small marinas.",
            0.49,
        ),
        ("Heron runs in Frankfurt.", "Heron needs two reviewers if the change touches payments.", 0.45),
    ],
)
def test_what_has_only_whom_it_tells_of_in_common_is_no_condition(old: str, new: str, cosine: float | None) -> None:
    decision = decide_one(fact(new, category="entities"), known(old, category="entities", cosine=cosine))

    assert (decision.action, decision.requested_action) == (Action.CREATE, Action.CONTEXTUALIZE)
    assert "only names" in decision.reason


@pytest.mark.parametrize(
    ("old", "new", "cosine"),
    [
        ("Bo drinks coffee.", "After four in the afternoon Bo drinks coffee only without caffeine.", 0.6),
        ("Grafana posts its alerts to the chat.", "Except at night: then Grafana calls whoever is on duty.", 0.7),
        ("王芳喝咖啡。", "如果是下午，王芳只喝不含咖啡因的咖啡。", 0.7),
    ],
)
def test_a_condition_shares_a_word_besides_the_name_or_lies_close(old: str, new: str, cosine: float) -> None:
    decision = decide_one(fact(new, category="entities"), known(old, category="entities", cosine=cosine))

    assert decision.action is Action.CONTEXTUALIZE


def test_another_speaker_without_a_word_of_change_replaces_nothing() -> None:
    texts = [("I now use Vim.", "Emacs is what I use these days."), ("我现在用 Vim。", "我最近用 Emacs。")]

    assert all(decide_one(fact(new, speaker="ben"), known(old)).action is not Action.SUPERSEDE for old, new in texts)


# --- batches and totality ---------------------------------------------------------------------------------------------


def test_every_fact_gets_exactly_one_decision() -> None:
    facts = [ROME_EN, ROME_ZH, fact(""), fact("？"), fact("x" * 5000), ROME_EN]

    decisions = decide_batch(*facts, candidates=[PARIS_EN, PARIS_ZH, known("", id="empty")])

    assert [decision.fact for decision in decisions] == list(range(len(facts)))
    assert all(decision.reason for decision in decisions)


def test_no_facts_give_no_decisions() -> None:
    assert decide([], [], []) == []


def test_lists_of_different_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        decide([ROME_EN], [], [])


def test_a_fact_without_candidates_is_created() -> None:
    decision = decide_one(ROME_EN)

    assert (decision.action, decision.target_id, decision.weight) == (Action.CREATE, "", 0.0)


def test_the_order_of_candidates_does_not_matter() -> None:
    candidates = [
        PARIS_EN,
        msgspec.structs.replace(PARIS_EN, id="m2", speaker="ben"),
        known("Ana lives in Rome.", id="m3", speaker="ben", **residence("Rome")),
        known("Ana likes trains.", id="m4"),
        known("Ana loves Rome in spring.", id="m5", cosine=None),
    ]

    outcomes = {msgspec.json.encode(decide_one(ROME_EN, *order)) for order in permutations(candidates)}

    assert len(outcomes) == 1
    assert decide_one(ROME_EN, *candidates).target_id == "m1"


def test_a_later_fact_of_the_batch_sees_the_earlier_ones() -> None:
    first = fact("Ana lives in Paris.", **one("Paris"))
    again = fact("ana lives in paris", **one("Paris"))

    decisions = decide_batch(first, again, ROME_EN)

    assert [(decision.action, decision.target_id) for decision in decisions] == [
        (Action.CREATE, ""),
        (Action.SKIP, "batch:0"),
        (Action.SUPERSEDE, "batch:0"),
    ]


def test_one_word_in_common_makes_no_duplicate_within_a_batch() -> None:
    facts = [
        fact("Let us fix the flaky login test.", category="cases", said_at=MAY),
        fact("We decided to use ephemeral ports for all test databases.", category="entities", said_at=MAY),
    ]

    _, decided = decide_batch(*facts)

    assert (decided.action, decided.requested_action) == (Action.CREATE, Action.SKIP)
    assert decided.reason.startswith("only proposed: judged duplicate")


def test_what_is_said_again_in_some_of_the_same_words_is_a_duplicate_within_a_batch() -> None:
    facts = [
        fact("I never eat peanuts.", said_at=MAY),
        fact("Remember, peanuts are nothing I eat.", said_at=MAY),
    ]

    _, decided = decide_batch(*facts)

    assert (decided.action, decided.target_id, decided.method) == (Action.SKIP, "batch:0", "judge")


def test_what_the_batch_replaced_is_not_replaced_again() -> None:
    oslo = fact("安娜又搬到奥斯陆了。", **one("奥斯陆"))

    decisions = decide_batch(ROME_ZH, oslo, candidates=[PARIS_ZH])

    assert [(decision.action, decision.target_id) for decision in decisions] == [
        (Action.SUPERSEDE, "m1"),
        (Action.SUPERSEDE, "batch:0"),
    ]


def test_a_repeat_is_skipped_even_where_another_disagrees() -> None:
    mine = known("Ana lives in Rome.", id="mine", **residence("Rome"))
    other = known("Ana lives in Paris.", id="other", speaker="ben", **residence("Paris"))

    assert decide_one(LIVES_IN_ROME_EN, other, mine).target_id == "mine"


def test_one_who_takes_a_side_supports_it() -> None:
    rome = known("Ana lives in Rome.", id="rome", speaker="ana", **residence("Rome"))
    paris = known("Ana lives in Paris.", id="paris", speaker="ben", **residence("Paris"))

    decision = decide_one(by("carl", LIVES_IN_ROME_EN), paris, rome)

    assert (decision.action, decision.target_id) == (Action.SUPPORT, "rome")


@pytest.mark.parametrize("cosine", [-0.1, 0.2, None])
@pytest.mark.parametrize("old", [PARIS_EN, PARIS_ZH])
def test_a_decision_of_nothing_in_common_names_no_target(old: Known, cosine: float | None) -> None:
    decision = decide_one(
        fact("The printer is out of toner.", category="events"), msgspec.structs.replace(old, cosine=cosine)
    )

    assert (decision.action, decision.requested_action, decision.target_id) == (Action.CREATE, Action.CREATE, "")
