"""The grading widget in a real browser: keys are pressed in JupyterLab and in Voila, and the file that is written is read."""

import pytest
from driving import ROOT, brightness, chromium, opened, picture, serving, until

pytestmark = pytest.mark.flaky(
    reruns=1
)  # a browser on a machine that is busy may miss a moment; twice is an error
TITLES = ["Inception", "Breaking Bad"]
CELL = f"from mediarec.grade import grade\nwidget = grade({TITLES}, 'judgments.csv')\nwidget"


@pytest.fixture(scope="module", params=["lab", "voila"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with serving(request.param, CELL, folder, tmp_path_factory.mktemp("own")) as url:
        yield request.param, url, folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def rows(folder):
    file = folder / "judgments.csv"
    return [line.split(",") for line in file.read_text().split()[1:]] if file.exists() else []


def test_keys_become_a_file(server, browser):
    kind, url, folder = server
    page, elsewhere = opened(browser, kind, url, "listbox", TITLES[0])
    box, marked = page.get_by_role("listbox"), page.locator("[role=option][aria-selected=true]")
    assert page.locator("[role=option]").count() == 10 and marked.count() == 1
    names = page.locator(".mediarec-grade-name").all_text_contents()
    box.focus()
    assert box.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"  # the focus is seen
    page.keyboard.press("3")
    until(lambda: [r[2] for r in rows(folder)] == ["3"], "the first grade is not in the file")
    page.get_by_role("option", name="3 very good").wait_for()
    assert names[1] in marked.text_content()
    page.keyboard.press("ArrowDown")
    until(lambda: names[2] in marked.text_content(), "the mark did not move")
    page.keyboard.press("ArrowUp")
    for key in "0120":
        page.keyboard.press(key)
    until(lambda: [r[2] for r in rows(folder)] == list("30120"), "five grades are not in the file")
    page.keyboard.press("Backspace")
    until(lambda: [r[2] for r in rows(folder)] == list("3012"), "the last grade was not taken back")
    page.get_by_text("4 of 20 graded").first.wait_for()
    page.keyboard.press("Control+1")  # not a grade
    picture(page.locator(".mediarec-grade-root").first, f"grade-{kind}")
    page.keyboard.press("ArrowRight")
    page.get_by_role("listbox", name=TITLES[1]).wait_for()
    page.get_by_role("button", name="2 good").click()  # the mouse does as well
    until(
        lambda: len(rows(folder)) == 5 and rows(folder)[4][0] != rows(folder)[0][0],
        "the grade of the second title is not in the file",
    )
    page.locator(".mediarec-grade-status", has_text="5 of 20 graded").wait_for(state="attached")
    if kind == "lab":  # 1 and 0 0 are shortcuts of the notebook
        assert (
            page.locator(".jp-MarkdownCell").count() == 0
            and page.locator(".jp-Dialog").count() == 0
        )
    assert not [u for u in elsewhere if "anywidget" in u or "mediarec" in u]
    page.context.close()


def test_it_goes_on_where_it_stopped(server, browser):
    kind, url, folder = server
    assert len(rows(folder)) == 5
    page, _ = opened(browser, kind, url, "listbox", TITLES[1], color_scheme="dark")
    marked = page.locator("[role=option][aria-selected=true]")
    page.locator(".mediarec-grade-foot", has_text="5 of 20 graded").first.wait_for()
    assert (
        page.locator(".mediarec-grade-title").text_content() == TITLES[1]
        and "not graded" in marked.text_content()
    )
    page.get_by_role("listbox").focus()
    page.keyboard.press("1")
    until(lambda: len(rows(folder)) == 6, "the sixth grade is not in the file")
    if kind == "lab":  # the theme follows the browser, the widget the theme
        back, ink = (
            page.locator(".mediarec-grade-root").evaluate(f"e => getComputedStyle(e).{c}")
            for c in ("backgroundColor", "color")
        )
        assert brightness(back) < 60 and brightness(ink) > 180, (back, ink)
    picture(page.locator(".mediarec-grade-root").first, f"grade-{kind}-dark")
    page.context.close()


def test_data_stays_text(browser):
    """Markup in a catalogue is shown as it is, and runs nothing."""
    page = browser.new_page()
    hostile = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
    shown = {"title": hostile, "about": hostile, "description": hostile}
    state = shown | {
        "candidates": [shown | {"grade": None}] * 2,
        "at": 0,
        "question": 0,
        "questions": 1,
        "graded": 0,
        "pairs": 2,
        "undo": False,
        "file": hostile,
        "status": hostile,
        "error": hostile,
    }
    code = (ROOT / "mediarec" / "static" / "grade.js").read_text(encoding="utf-8")
    page.set_content("<main></main>")
    page.evaluate(
        """async ([code, state]) => {
        const { default: view } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        view.render({ el: document.querySelector("main"), model: { get: () => state, on() {}, off() {}, send() {} } });
    }""",
        [code, state],
    )
    page.wait_for_timeout(200)
    assert page.locator(".mediarec-grade-title").text_content() == hostile
    assert (
        page.locator("main img, main script").count() == 0 and page.evaluate("window.hurt") is None
    )
    page.close()
