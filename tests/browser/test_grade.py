"""The grading widget in JupyterLab and in Voila: keys are pressed and the file is read."""

import pytest
from driving import (
    ROOT,
    brightness,
    chromium,
    next_frame,
    notebook_server,
    open_notebook,
    picture,
    until,
)

# A browser on a busy machine may be too slow once. A second failure is an error.
pytestmark = pytest.mark.flaky(reruns=1)
TITLES = ["Inception", "Breaking Bad"]
CELL = f"""from mediarec.apps.grading import grade
widget = grade({TITLES}, 'judgments.csv')
widget"""
HOSTILE = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
DRAW_WIDGET = """async ([code, state]) => {
    const module = new Blob([code], { type: "text/javascript" });
    const { default: widget } = await import(URL.createObjectURL(module));
    const model = { get: () => state, on() {}, off() {}, send() {} };
    widget.render({ el: document.querySelector("main"), model });
}"""


@pytest.fixture(scope="module", params=["lab", "voila"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with notebook_server(request.param, CELL, folder, tmp_path_factory.mktemp("home")) as url:
        yield request.param, url, folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def read_rows(folder):
    """Return the rows of the file of judgments."""
    path = folder / "judgments.csv"
    if not path.exists():
        return []
    return [line.split(",") for line in path.read_text().split()[1:]]


def read_grades(folder):
    """Return the grades in the file as one text."""
    return "".join(row[2] for row in read_rows(folder))


def test_keys_write_grades(server, browser):
    kind, url, folder = server
    page, foreign_urls = open_notebook(browser, kind, url, "listbox", TITLES[0])
    box = page.get_by_role("listbox")
    active = page.locator("[role=option][aria-selected=true]")
    assert page.locator("[role=option]").count() == 10
    assert active.count() == 1
    names = page.locator(".mediarec-grade-candidate-title").all_text_contents()
    box.focus()
    assert box.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("3")
    until(lambda: read_grades(folder) == "3", "the first grade is not in the file")
    page.get_by_role("option", name="3 very good").wait_for()
    assert names[1] in active.text_content()
    page.keyboard.press("ArrowDown")
    until(lambda: names[2] in active.text_content(), "the cursor did not move")
    page.keyboard.press("ArrowUp")
    for key in "0120":
        page.keyboard.press(key)
    until(lambda: read_grades(folder) == "30120", "five grades are not in the file")
    page.keyboard.press("Backspace")
    until(lambda: read_grades(folder) == "3012", "the last grade is still in the file")
    page.get_by_text("4 of 20 graded").first.wait_for()
    page.keyboard.press("Control+1")  # not a grade
    picture(page.locator(".mediarec-grade-root").first, f"grade-{kind}")
    page.keyboard.press("ArrowRight")
    page.get_by_role("listbox", name=TITLES[1]).wait_for()
    page.get_by_role("button", name="2 good").click()
    until(lambda: len(read_rows(folder)) == 5, "the fifth grade is not in the file")
    rows = read_rows(folder)
    assert rows[4][0] != rows[0][0]
    status = page.locator(".mediarec-grade-status", has_text="5 of 20 graded")
    status.wait_for(state="attached")
    if kind == "lab":  # in JupyterLab, 1 makes a heading and 0 0 restarts the kernel
        assert page.locator(".jp-MarkdownCell").count() == 0
        assert page.locator(".jp-Dialog").count() == 0
    assert not [u for u in foreign_urls if "anywidget" in u or "mediarec" in u]
    page.context.close()


def test_grading_continues_after_the_last_grade(server, browser):
    kind, url, folder = server
    assert len(read_rows(folder)) == 5
    page, _ = open_notebook(browser, kind, url, "listbox", TITLES[1], color_scheme="dark")
    page.locator(".mediarec-grade-footer", has_text="5 of 20 graded").first.wait_for()
    assert page.locator(".mediarec-grade-title").text_content() == TITLES[1]
    active = page.locator("[role=option][aria-selected=true]")
    assert "not graded" in active.text_content()
    page.get_by_role("listbox").focus()
    page.keyboard.press("1")
    until(lambda: len(read_rows(folder)) == 6, "the sixth grade is not in the file")
    root = page.locator(".mediarec-grade-root")
    if kind == "lab":  # the theme follows the browser, and the widget follows the theme
        background = root.evaluate("e => getComputedStyle(e).backgroundColor")
        text_color = root.evaluate("e => getComputedStyle(e).color")
        assert brightness(background) < 60, background
        assert brightness(text_color) > 180, text_color
    picture(root.first, f"grade-{kind}-dark")
    page.context.close()


def test_markup_stays_text(browser):
    """Markup in a catalog is shown as text and runs nothing."""
    page = browser.new_page()
    title = {"title": HOSTILE, "subtitle": HOSTILE, "description": HOSTILE}
    state = title | {
        "candidates": [title | {"grade": None}] * 2,
        "position": 0,
        "query_index": 0,
        "n_queries": 1,
        "n_graded": 0,
        "n_pairs": 2,
        "can_undo": False,
        "filename": HOSTILE,
        "status": HOSTILE,
        "error": HOSTILE,
    }
    code = (ROOT / "mediarec" / "static" / "grading.js").read_text(encoding="utf-8")
    page.set_content("<main></main>")
    page.evaluate(DRAW_WIDGET, [code, state])
    next_frame(page)
    assert page.locator(".mediarec-grade-title").text_content() == HOSTILE
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.hurt") is None
    page.close()
