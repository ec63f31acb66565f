"""Draw the pictures of the home page: the widget, light and dark, its use, and the social card.

  python benchmarks/pictures.py             writes all of them into nbs/images
  python benchmarks/pictures.py use card    writes some of them
  python benchmarks/pictures.py map --model MODEL

- still: app-light.png and app-dark.png, the widget with the results of a title; and the first
  result as on a phone, app-phone-light.png and app-phone-dark.png
- use: app-use.gif, the widget in use: type, choose, filter, press a theme; app-use.png, its end
- card: card.png, the picture that other sites show beside a link
- map: map-light.png and map-dark.png, the map of a saved model; only if it is named

The widget runs in JupyterLab in a headless Chromium, on the starter catalog. The pictures of
"still" hold, as a PNG text named "results", the titles and reasons that the widget shows, so that
a test can compare them with the home page.
"""

import argparse
import base64
import io
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, PngImagePlugin

from mediarec import Recommender, load_catalog
from mediarec.core import package_path

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "nbs" / "images"
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driving import chromium, notebook_server, open_notebook  # noqa: E402

CELL = "from mediarec.app import app\napp('model')"
SEARCH = "A title, or what you want to see"
QUERY = "Knives Out"
TYPED = "knives"
THEME = "whodunit"
N_POSTERS = 6
SHOWN = ":not([hidden] *)"
PICTURE_COLORS = 192
MAP_WIDTH = 1200
# The titles and reasons of the cards, as the widget shows them
READ_RESULTS = """() => [...document.querySelectorAll(".mediarec-card")]
    .filter((card) => card.querySelector(".mediarec-why") && card.offsetParent)
    .map((card) => card.querySelector(".mediarec-card-title").textContent.trim()
        + ": " + card.querySelector(".mediarec-why").textContent.trim())"""
# Nothing but the widget: no side panels, no cell, no scroll bar
ONLY_WIDGET = """
.jp-InputPrompt, .jp-OutputPrompt, .jp-Cell-inputWrapper, .jp-Collapser { display: none !important }
.jp-OutputArea-output { padding: 0 !important }
.jp-StatusBar-Widget, ::-webkit-scrollbar { display: none !important }
"""


@contextmanager
def lab():
    """Yield the address of a notebook with the widget, in a JupyterLab of its own."""
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as home:
        model = Recommender().fit(load_catalog(package_path("starter.csv")), clusters="communities")
        model.save(Path(work) / "model")
        with notebook_server("lab", CELL, Path(work), Path(home)) as url:
            yield url


def open_widget(browser, url, width, height, **options):
    """Return a page that shows the widget without the cell and the side panels."""
    page, _ = open_notebook(browser, "lab", url, "tablist", "Views", (1400, height), **options)
    page.keyboard.press("Escape")
    if page.locator("#jp-left-stack").is_visible():
        page.keyboard.press("Control+b")
    page.set_viewport_size({"width": width, "height": height})
    page.add_style_tag(content=ONLY_WIDGET)
    page.wait_for_timeout(600)
    return page


def widget_clip(page, height):
    """Return the part of the page with the widget."""
    box = page.locator(".mediarec-app").bounding_box()
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": height}


def search(page, text):
    """Type a text, one letter after another; yield after each letter."""
    box = page.get_by_role("combobox", name=SEARCH)
    box.click()
    for end in range(1, len(text) + 1):
        box.press_sequentially(text[end - 1])
        page.locator(f".mediarec-combobox[data-for='{text[:end]}']").wait_for()
        page.wait_for_timeout(150)
        yield


def choose(page, title):
    """Take the first suggestion, and wait for its results."""
    page.get_by_role("option", name=title).first.click()
    page.get_by_role("heading", name=f"More like {title}").wait_for()
    page.wait_for_timeout(700)


def shrink(image, width, colors):
    """Return an image with a width and a number of colors, for a small file."""
    height = round(image.height * width / image.width)
    small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    return small.quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def photograph(page, clip):
    """Return a part of the page as an image."""
    return Image.open(io.BytesIO(page.screenshot(clip=clip)))


def show_results(page):
    """Search for the title of the pictures, and show its results."""
    for _ in search(page, TYPED):
        pass
    choose(page, QUERY)
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(300)


def write_still(browser, url):
    """Write the picture of the results: wide and as on a phone, in both color schemes."""
    for scheme in ("light", "dark"):
        for name, width in ((f"app-{scheme}", 1200), (f"app-phone-{scheme}", 430)):
            options = {"color_scheme": scheme, "device_scale_factor": 1.5}
            page = open_widget(browser, url, width, 1900, **options)
            show_results(page)
            first = page.locator(f".mediarec-card:has(.mediarec-why){SHOWN}").first.bounding_box()
            clip = widget_clip(page, 0)
            if width < 600:
                heading = page.get_by_role("heading", name=f"More like {QUERY}").bounding_box()
                clip["y"] = heading["y"] - 8
            clip["height"] = first["y"] + first["height"] + 8 - clip["y"]
            text = PngImagePlugin.PngInfo()
            text.add_itxt("results", "\n".join(page.evaluate(READ_RESULTS)))
            shown_width = min(1400, round(1.5 * clip["width"]))
            image = shrink(photograph(page, clip), shown_width, PICTURE_COLORS)
            image.save(IMAGES / f"{name}.png", optimize=True, pnginfo=text)
            page.context.close()


def record_use(page):
    """Yield pictures of the widget in use, each with the milliseconds that it is shown."""
    clip = widget_clip(page, 612)
    yield photograph(page, clip), 1200
    for _ in search(page, TYPED):
        yield photograph(page, clip), 180
    yield photograph(page, clip), 900
    choose(page, QUERY)
    yield photograph(page, clip), 2200
    page.get_by_role("button", name="Filters").click()
    page.wait_for_timeout(300)
    yield photograph(page, clip), 1200
    page.get_by_label("First year").fill("2018")
    page.get_by_label("First year").press("Enter")
    page.wait_for_timeout(900)
    yield photograph(page, clip), 1500
    yield from press_theme(page, clip)


def press_theme(page, clip):
    """Press a theme of the first result; yield the pictures before, at and after it."""
    heading = page.get_by_role("heading", name=f"More like {QUERY}")

    def scroll_to_results():
        page.mouse.move(890, 5)
        heading.evaluate("node => node.scrollIntoView({ block: 'start' })")
        page.wait_for_timeout(400)

    page.keyboard.press("Escape")
    scroll_to_results()
    yield photograph(page, clip), 2500
    theme = page.locator(f".mediarec-card button:text-is('{THEME}'){SHOWN}").first
    theme.evaluate("node => { node.style.outline = '3px solid #1976d2' }")
    yield photograph(page, clip), 1200
    theme.evaluate("node => node.click()")
    page.locator(".mediarec-chip", has_text=THEME).first.wait_for()
    page.wait_for_timeout(900)
    scroll_to_results()
    yield photograph(page, clip), 3500


def write_use(browser, url):
    """Write the animation of the widget in use, and its last picture."""
    page = open_widget(browser, url, 900, 760, color_scheme="light", device_scale_factor=1.5)
    frames, times = zip(*record_use(page))
    small = [shrink(frame, 800, 64) for frame in frames]
    options = {"append_images": small[1:], "duration": times, "loop": 0, "optimize": True}
    small[0].save(IMAGES / "app-use.gif", save_all=True, **options)
    shrink(frames[-1], 800, PICTURE_COLORS).save(IMAGES / "app-use.png", optimize=True)
    page.context.close()


CARD = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: 1200px; height: 630px; background: #0c1a30; color: #fff;
    font-family: "DejaVu Sans", sans-serif; overflow: hidden }}
h1 {{ font-size: 76px; margin: 78px 64px 0; display: flex; align-items: center; gap: 26px }}
h1 img {{ width: 84px }}
p {{ font-size: 34px; margin: 22px 64px 40px; color: #d5e2f7 }}
div {{ display: flex; gap: 22px; padding: 0 64px }}
div img {{ width: 160px; border-radius: 10px }}
</style><h1><img src="{icon}" alt="">mediarec</h1>
<p>Films and series like the ones you love,<br>and the reasons why they fit.</p>
<div>{posters}</div>"""


def as_url(content, media_type):
    """Return content as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def write_card(browser, url):
    """Write the social card: the name, a sentence and some drawn posters."""
    page = open_widget(browser, url, 1300, 1500, device_scale_factor=2)
    rows = page.locator(f".mediarec-shelf{SHOWN}")
    posters = [rows.nth(i // 2).locator(".mediarec-poster").nth(i % 2) for i in range(N_POSTERS)]
    urls = [as_url(poster.screenshot(), "image/png") for poster in posters]
    icon = as_url((IMAGES / "favicon.svg").read_bytes(), "image/svg+xml")
    page.context.close()
    page = browser.new_page(viewport={"width": 1200, "height": 630})
    page.set_content(CARD.format(icon=icon, posters="".join(f"<img src={u} alt=''>" for u in urls)))
    image = Image.open(io.BytesIO(page.screenshot()))
    shrink(image, 1200, PICTURE_COLORS).save(IMAGES / "card.png", optimize=True)
    page.close()


def write_maps(folder):
    """Write the map of a saved model, light and dark."""
    from mediarec.apps.cluster_map import plot_map

    model = Recommender.load(folder)
    for scheme in ("light", "dark"):
        buffer = io.BytesIO()
        figure = plot_map(model, dark=scheme == "dark")
        figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
        image = Image.open(buffer)
        shrink(image, MAP_WIDTH, PICTURE_COLORS).save(IMAGES / f"map-{scheme}.png", optimize=True)


WRITERS = {"still": write_still, "use": write_use, "card": write_card}


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choices = [*WRITERS, "map", []]
    parser.add_argument("pictures", nargs="*", choices=choices, help="default: all but the map")
    parser.add_argument("--model", type=Path, help="the saved model of the map")
    options = parser.parse_args()
    if "map" in options.pictures:
        write_maps(options.model)
        options.pictures.remove("map")
        if not options.pictures:
            return
    with lab() as url, chromium() as browser:
        for name in options.pictures or WRITERS:
            WRITERS[name](browser, url)


if __name__ == "__main__":
    main()
