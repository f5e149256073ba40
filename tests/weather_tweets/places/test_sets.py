"""The sets: names and places as people write them, from public sources that each file names."""

from gazetteer import sets

SCORES = {file.stem: sets.score(file) for file in sorted(sets.FOLDER.glob("*.tsv"))}


def test_of_names_98_percent_are_understood_and_hardly_one_is_taken_for_another() -> None:
    names = sets.total("names", [score for name, score in SCORES.items() if not name.startswith("profiles")])
    assert names.texts > 700
    assert names.right_percent >= 98
    assert names.wrong_percent <= 0.5


def test_of_profiles_92_percent_are_understood_and_few_are_taken_for_another_place() -> None:
    profiles = sets.total(
        "profiles", [score for name, score in SCORES.items() if name.startswith("profiles")]
    )
    assert profiles.texts > 600
    assert profiles.right_percent >= 92
    assert profiles.wrong_percent <= 4


def test_every_code_in_the_sets_is_a_country_s() -> None:
    from weather_tweets.countries import by_code

    codes = {code for file in sets.FOLDER.glob("*.tsv") for _, code in sets.cases(file)}
    assert codes <= by_code().keys() | {sets.NOBODY_CAN_SAY}
