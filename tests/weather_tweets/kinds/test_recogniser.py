import pytest

from weather_tweets.kinds import KINDS, recogniser


def kinds(text: str) -> str:
    return ",".join(recogniser().kinds(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raining and windy in Wellington", "rain,wind"),
        ("brainstorming with the trainees", ""),
        ("Dauerregen in Kassel", "rain"),
        ("das darf dich nicht aufregen", ""),
        ("مطر خفيف والشمس وراء الغيوم", "rain,sun,clouds"),
        ("東京は大雪", "snow"),
        ("#heatwave", "heat"),
        ("(rain)", "rain"),
        ("", ""),
    ],
)
def test_words_are_found_by_the_boundaries_of_their_script(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hoy no va a llover", ""),
        ("hoy no deja de llover", "rain"),
        ("no rain or snow this week", ""),
        ("no rain, just snow", "snow"),
        ("it's raining, no bus", "rain"),
        ("il ne neige plus", ""),
        ("il n'arrête pas de neiger", "snow"),
        ("es schneit nicht", ""),
        ("es hört nicht auf zu schneien", "snow"),
        ("kar yağmıyor", ""),
        ("ветра нет", ""),
        ("雪は降らない", ""),
        ("ไม่หนาวเลย", ""),
        ("anginnya ga kencang, ga ada angin", "wind"),
        ("calor no Rio", "heat"),
        ("¡No llueve!", ""),
    ],
)
def test_what_is_taken_back_is_not_said(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "lluvia de goles en el estadio",
        "Miami Heat in six",
        "ce film, quel coup de foudre",
        "der Film hat mich kalt gelassen",
        "la testa fra le nuvole",
        "de bui al zien hangen",
        "буря эмоций",
        "beyin fırtınası yaptık",
        "拍手の嵐",
        "눈치 없이 왜 그래",
        "สงครามเย็น",
        "पैसों की बारिश",
        "hujan kritik",
        "guarda tudo na nuvem",
        "طاقة شمسية",
    ],
)
def test_idioms_speak_of_no_weather(text: str) -> None:
    assert kinds(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("que caloooor", "heat"),
        ("freeeeezing", "cold"),
        ("rainnnn", "rain"),
        ("I could kill for a coffee", ""),
        ("LLUEVE", "rain"),
        ("YAĞMUR YAĞIYOR", "rain"),
        ("neblig, schwuel, heiss", "heat,fog,humid"),
        ("rafagas y tronando", "storm,wind"),
        ("tormetna", "storm"),
        ("жёлтый дождь и ёлка, замёрз", "rain,cold"),
        ("замерз", "cold"),
    ],
)
def test_it_is_read_however_it_is_spelt(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("38 °C", "heat"),
        ("38.5ºC", "heat"),
        ("٤٥ درجة", "heat"),
        ("-5 grados", "cold"),
        ("menos 5 grados", "cold"),
        ("menos 5 minutos", ""),
        ("21 °C", ""),
        ("95 degrees", "heat"),
        ("30 degrees", ""),
        ("20 °F", "cold"),
        ("100°F", "heat"),
        ("180 grados a la izquierda", ""),
        ("39 °C de fiebre", ""),
        ("영하 12도", "cold"),
    ],
)
def test_temperatures_are_read_with_their_unit(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my sis asked for it",
        "il manque du sel dans la soupe",
        "holidays in Sardinia with my Garmin",
        "that smelt awful",
        "quedamos el sábado con Dana",
        "نحن على شاطئ البحر",
        "main kaam kar raha hoon",
    ],
)
def test_a_word_for_weather_in_another_language_is_none_here(text: str) -> None:
    assert kinds(text) == ""


def test_a_word_of_two_languages_counts_in_the_one_of_the_text() -> None:
    assert kinds("her yer dolu, dolu yağdı, arabalar perişan") == "storm"
    assert kinds("faire la bise") == ""
    assert kinds("ce soir la bise souffle dans les rues") == "wind"


def test_emoji_count_whatever_they_look_like() -> None:
    assert kinds("☀️") == kinds("☀") == kinds("☀️☀️x") == "sun"


def test_findings_name_the_words() -> None:
    found = recogniser().findings("Heavy RAIN, then 35 °C")
    assert [(finding.kind, finding.words) for finding in found] == [("rain", "rain"), ("heat", "35 °c")]


@pytest.mark.parametrize("text", ["a" * 4096, "no rain " * 512, "☔" * 4096, "\u0301" * 4096, "ไม่" * 1365])
def test_a_long_text_of_anything_is_read(text: str) -> None:
    assert set(recogniser().kinds(text)) <= set(KINDS)


def test_what_is_said_of_a_text_does_not_depend_on_what_was_read_before() -> None:
    once = recogniser().kinds("the window: rainy, no wind")
    for other in ("windows", "window", "winds", "no"):
        recogniser().kinds(other)
    assert recogniser().kinds("the window: rainy, no wind") == once == ("rain",)
