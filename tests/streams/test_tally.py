from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.tally import NOTHING_YET, Continuity, Counts, Loss, Tally, continuity, life_of


def test_a_batch_that_continues_the_tally_is_next() -> None:
    assert continuity(Tally(offset=9), start=10, last=19) is Continuity.NEXT


def test_a_batch_that_begins_in_the_counted_part_is_next_as_long_as_it_ends_beyond_it() -> None:
    assert continuity(Tally(offset=9), start=5, last=10) is Continuity.NEXT


def test_a_batch_that_ends_at_the_offset_is_old() -> None:
    assert continuity(Tally(offset=9), start=5, last=9) is Continuity.OLD


def test_a_batch_read_from_beyond_the_next_offset_leaves_a_hole() -> None:
    assert continuity(Tally(offset=9), start=11, last=19) is Continuity.HOLE


def test_the_first_batch_of_a_partition_continues_the_empty_tally() -> None:
    assert continuity(Tally(), start=0, last=0) is Continuity.NEXT
    assert continuity(Tally(), start=1, last=1) is Continuity.HOLE


def test_the_table_holds_plain_json_of_the_contract() -> None:
    tally = Tally(topic_id="id").counted(Counts(2, {"GT": 2}, dead=1, repeats=3), last=6)
    value = tally.to_table()
    assert value == {
        "offset": 6, "messages": 2, "countries": {"GT": 2}, "dead": 1, "repeats": 3, "empty": 1, "lost": 0,
        "epoch": 0, "topic_id": "id", "earlier": 0, "former": (),
        "begun_with": None, "given_up": 0, "losses": (),
    }  # fmt: skip
    assert type(value["countries"]) is dict
    assert Tally.from_table(value) == tally
    assert Tally.from_table(None) == Tally()


def test_a_value_of_a_later_version_is_read_without_what_is_unknown() -> None:
    assert Tally.from_table({**Tally(offset=3).to_table(), "colour": "red"}) == Tally(offset=3)


def test_what_a_value_of_version_1_says_nothing_of_is_empty_or_of_earlier_epochs() -> None:
    value = {"offset": 9, "messages": 4, "countries": {"GT": 4}, "dead": 1, "repeats": 2}
    with_control_records = Tally.from_table(value)
    assert (with_control_records.empty, with_control_records.earlier) == (3, 0)
    of_a_topic_made_anew = Tally.from_table({**value, "offset": 1})
    assert (of_a_topic_made_anew.empty, of_a_topic_made_anew.earlier) == (0, 5)
    for tally in (with_control_records, of_a_topic_made_anew):
        assert tally.accounted == tally.earlier + tally.offset + 1


def test_a_topic_made_anew_begins_at_no_offset_and_what_is_known_to_be_missing_of_the_old_one_is_lost() -> (
    None
):
    old = Tally(topic_id="old").counted(Counts(8, {"GT": 8}), last=9)
    new = old.made_anew("new", end=13)
    assert new == old._replace(
        offset=NOTHING_YET,
        epoch=1,
        topic_id="new",
        earlier=13,
        lost=3,
        former=(life_of("old"),),
        begun_with={"GT": 8},
        given_up=3,
    )
    assert new.accounted == new.earlier + new.offset + 1
    assert old.made_anew("new", end=0) == new._replace(earlier=10, lost=0, given_up=0)


def test_what_was_stored_of_an_earlier_epoch_after_it_had_ended_is_a_message_and_was_not_lost() -> None:
    old = Tally(topic_id="old").counted(Counts(8, {"GT": 8}), last=9).without(before=12)
    new = old.made_anew("new", end=15).counted(Counts(1, {"GT": 1}), last=0)
    assert (new.lost, new.earlier, new.offset) == (2 + 3, 15, 0)
    late = new.with_late({"GT": 9, "MX": 1})
    assert (late.messages, late.countries, late.lost, late.earlier) == (11, {"GT": 10, "MX": 1}, 2 + 1, 15)
    assert late.with_late({"GT": 9, "MX": 1}) == late
    # Nobody knew that there was that much of it.
    later = late.with_late({"GT": 9, "MX": 4})
    assert (later.messages, later.lost, later.earlier) == (14, 2, 17)
    assert all(tally.accounted == tally.earlier + tally.offset + 1 for tally in (new, late, later))


def test_of_a_topic_made_anew_what_was_stored_and_not_counted_is_a_message_and_not_lost() -> None:
    old = Tally(topic_id="old").counted(Counts(8, {"GT": 8}), last=9)
    new = old.made_anew("new", end=13).with_late({"GT": 9, "MX": 1})
    assert (new.messages, new.countries, new.lost, new.earlier) == (10, {"GT": 9, "MX": 1}, 1, 13)
    assert old.made_anew("new", end=0).with_late({"GT": 9}).earlier == 11
    # Documents that somebody deleted are counted all the same: the audit misses them.
    assert old.made_anew("new", end=0).with_late({"GT": 3}).messages == 8


# A log is a list of what each record is: a country's message, a dead letter or a repeat.
_logs = st.lists(st.sampled_from(["GT", "MX", "ES", "dead", "repeat"]), min_size=1, max_size=60)


@given(log=_logs, data=st.data())
def test_whatever_is_delivered_again_or_skipped_the_tally_is_that_of_the_log(
    log: Sequence[str], data: st.DataObject
) -> None:
    """Batches of any cut begin anywhere; Faust sometimes skips, repeats, or brings back an older tally."""
    tally = Tally()
    history = [tally]
    position = 0
    while tally.offset < len(log) - 1:
        move = data.draw(st.sampled_from(["next", "next", "next", "anywhere", "recovery"]))
        if move == "anywhere":
            position = data.draw(st.integers(0, len(log) - 1))
        elif move == "recovery":
            tally = data.draw(st.sampled_from(history))
        start, last = position, data.draw(st.integers(position, len(log) - 1))
        standing = continuity(tally, start=start, last=last)
        if standing is Continuity.HOLE:
            position = tally.offset + 1
            continue
        if standing is Continuity.NEXT:
            tally = tally.counted(_counts(log[tally.offset + 1 : last + 1]), last=last)
            history.append(tally)
        position = last + 1 if last + 1 < len(log) else tally.offset + 1
    assert tally == Tally().counted(_counts(log), last=len(log) - 1)
    assert tally.messages + tally.dead + tally.repeats == len(log)


def _counts(records: Sequence[str]) -> Counts:
    countries = [record for record in records if record.isupper()]
    return Counts(
        len(countries),
        {code: countries.count(code) for code in countries},
        dead=records.count("dead"),
        repeats=records.count("repeat"),
    )


def test_the_empty_tally_has_counted_no_offset() -> None:
    assert Tally().offset == NOTHING_YET == -1


def test_what_was_counted_as_lost_and_stored_later_is_a_message_once() -> None:
    tally = Tally(topic_id="id").without(before=4).with_found([{"GT": 1}])
    found = tally.with_found([{"GT": 2, "MX": 1}])
    assert (found.messages, found.countries, found.lost) == (3, {"GT": 2, "MX": 1}, 1)
    assert found.accounted == found.offset + 1
    assert found.with_found([{"GT": 2, "MX": 1}]) == found
    assert found.with_found([{}]) == found


def test_losses_are_known_to_the_table_the_latest_of_them_and_of_this_epoch() -> None:
    tally = Tally(topic_id="id")
    for before in range(2, 40, 2):
        tally = tally.without(before=before)
    assert tally.losses[-1] == Loss(36, 38, {})
    assert len(tally.losses) < 10
    assert Tally.from_table(msgspec.json.decode(msgspec.json.encode(tally.to_table()))).losses == tally.losses
    assert tally.made_anew("next", end=0).losses == ()
