"""Catalogs in other languages than English, of titles invented for these tests.

Each language has two stories of a bank robbery, two of a bakery and two of a ghost ship. The words
of the two texts of a pair are the same as far as the language allows; all texts share words that
say nothing, such as "and" and "the".
"""

import pandas as pd
import pytest

from mediarec import Recommender
from mediarec.core import CatalogWarning

STORIES = {
    "de": [
        "Zwei Räuber überfallen die Bank und fliehen mit der Beute über die Grenze.",
        "Ein Räuber und die Polizei: der Überfall auf die Bank endet ohne Beute.",
        "Die Bäckerin und der Lehrling backen das Brot für die ganze Stadt.",
        "Das Brot der Bäckerin und der Streit, der die kleine Bäckerei schließt.",
        "Der Kapitän und die Mannschaft finden das Geisterschiff auf dem Meer.",
        "Das Geisterschiff und der Kapitän, der die Mannschaft auf dem Meer verlor.",
    ],
    "fr": [
        "Deux voleurs préparent le braquage de la banque et fuient avec le butin.",
        "Le braquage de la banque et le butin que les voleurs se disputent.",
        "La boulangère et son apprenti font le pain pour la ville entière.",
        "Le pain de la boulangère et la querelle qui ferme la boulangerie.",
        "Le capitaine et son équipage trouvent un navire fantôme dans la brume.",
        "Un navire fantôme et le capitaine que son équipage abandonne dans la brume.",
    ],
    "es": [
        "Dos ladrones planean el atraco al banco y huyen con el botín.",
        "El atraco al banco y el botín que los ladrones no quieren repartir.",
        "La panadera y su aprendiz hornean el pan para todo el pueblo.",
        "El pan de la panadera y la pelea que cierra la panadería del pueblo.",
        "El capitán y su tripulación encuentran un barco fantasma en la niebla.",
        "Un barco fantasma y el capitán que su tripulación abandona en la niebla.",
    ],
    "ru": [
        "Два грабителя готовят ограбление банка и бегут с добычей за границу.",
        "Ограбление банка и добыча, которую грабители не могут поделить.",
        "Пекарь и его ученица пекут хлеб для всего города в старой пекарне.",
        "Хлеб пекаря и ссора, из-за которой закрывается старая пекарня.",
        "Капитан и команда находят корабль-призрак в густом тумане.",
        "Корабль-призрак и капитан, которого команда бросает в тумане.",
    ],
    "ja": [
        "二人の強盗が銀行を襲撃し、奪った現金を持って逃走する。",
        "銀行襲撃の現金をめぐり、強盗たちが対立する。",
        "町のパン職人と弟子が、古いパン屋で毎朝パンを焼く。",
        "パン職人の喧嘩で、町の古いパン屋が閉まる。",
        "船長と乗組員が霧の中で幽霊船を発見する。",
        "幽霊船に残された船長を、乗組員が霧の中に置き去りにする。",
    ],
    "zh": [
        "两名劫匪抢劫银行，带着赃款逃往边境。",
        "银行抢劫之后，劫匪们为赃款反目成仇。",
        "面包师和徒弟在小镇的老面包店里烤面包。",
        "面包师的争吵让小镇的老面包店关门了。",
        "船长和船员在浓雾中发现一艘幽灵船。",
        "幽灵船上的船长被船员遗弃在浓雾之中。",
    ],
    "ko": [
        "두 강도가 은행을 습격하고 훔친 현금을 들고 도주한다.",
        "은행 습격의 현금을 두고 강도들이 대립한다.",
        "제빵사와 제자가 마을의 오래된 빵집에서 빵을 굽는다.",
        "제빵사의 다툼으로 마을의 오래된 빵집이 문을 닫는다.",
        "선장과 선원들이 안개 속에서 유령선을 발견한다.",
        "유령선에 남은 선장을 선원들이 안개 속에 버린다.",
    ],
    "ar": [
        "لصان يخططان لسرقة البنك ويهربان بالمال المسروق عبر الحدود.",
        "سرقة البنك والمال المسروق الذي يتنازع عليه اللصان.",
        "الخبازة وتلميذها يخبزان الخبز لأهل المدينة في المخبز القديم.",
        "خبز الخبازة والشجار الذي يغلق المخبز القديم.",
        "القبطان والطاقم يجدون سفينة الأشباح في الضباب.",
        "سفينة الأشباح والقبطان الذي تركه الطاقم في الضباب.",
    ],
}
QUERIES = {
    "de": "Räuber in der Bank",
    "fr": "un braquage de banque",
    "es": "atraco al banco",
    "ru": "ограбление банка",
    "ja": "銀行強盗",
    "zh": "银行抢劫",
    "ko": "은행 강도",
    "ar": "سرقة البنك",
}
LANGUAGES = sorted(STORIES)


def catalog(language):
    """Return the six titles of a language; the titles themselves share no word."""
    titles = ["Alfa", "Bravo", "Kilo", "Lima", "Oscar", "Tango"]
    return pd.DataFrame({"title": titles, "description": STORIES[language]})


@pytest.fixture(scope="module")
def models():
    """Return the model of each language, fitted as a catalog of films."""
    fitted = {}
    for language in LANGUAGES:
        with pytest.warns(CatalogWarning, match="not in English"):
            fitted[language] = Recommender().fit(catalog(language).assign(type="Movie"))
    return fitted


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_story_comes_first(models, language):
    model = models[language]
    pairs = [("Alfa", "Bravo"), ("Kilo", "Lima"), ("Oscar", "Tango")]
    for first, second in pairs:
        assert model.recommend(first, n=1).title[0] == second
        assert model.recommend(second, n=1).title[0] == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_stop_words_are_no_reason(models, language):
    """Only the two texts of one story are similar, whatever else they share."""
    model = models[language]
    for first, second in [("Alfa", "Bravo"), ("Kilo", "Lima"), ("Oscar", "Tango")]:
        reasons = model.recommend(first, n=5).set_index("title").why
        assert "imilar description" in reasons[second]
        assert not reasons.drop(second).str.contains("imilar description").any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_query_in_the_language_of_the_catalog(models, language):
    found = models[language].recommend(text=QUERIES[language], n=5)
    assert set(found.title[:2]) == {"Alfa", "Bravo"}
    assert not found.why.str.startswith("Nothing in common").any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_theme_is_predicted_from_words_of_another_language(models, language):
    terms = models[language].catalog.themes.map(len) + models[language].catalog.moods.map(len)
    assert terms.sum() == 0


def test_the_language_is_saved(models, tmp_path):
    models["de"].save(tmp_path / "m")
    loaded = Recommender.load(tmp_path / "m")
    assert loaded.block_encoders["text"].languages == {"de": 6}
    assert loaded.recommend(text=QUERIES["de"]).equals(models["de"].recommend(text=QUERIES["de"]))


def test_a_model_on_disk_answers_in_the_same_way(models, tmp_path):
    from mediarec.scale.ondisk import load_model
    from mediarec.scale.ondisk_build import build_model

    with pytest.warns(CatalogWarning, match="not in English"):
        build_model(catalog("fr").assign(type="Movie"), folder=tmp_path / "m", clusters=())
    model = load_model(tmp_path / "m")
    for title in ("Alfa", "Kilo", "Oscar"):
        expected = models["fr"].recommend(title, n=3)
        found = model.recommend(title, n=3)
        assert found.title.tolist() == expected.title.tolist()
        assert found.why.tolist() == expected.why.tolist()
    found = model.recommend(text=QUERIES["fr"], n=2)
    assert set(found.title) == {"Alfa", "Bravo"}


def test_the_clusters_of_a_german_catalog_have_no_stop_words():
    from mediarec.features.text import content_words, stop_words

    words = [word for story in STORIES["de"] for word in content_words(story)]
    assert "geisterschiff" in words
    assert not set(words) & stop_words("de")
