"""Applications that benchmarks/load.py serves by different web servers.

`hello` is the smallest Flask application. `page` is the web page of the model in MEDIAREC_MODEL,
without a request log.
"""

import os

from flask import Flask

from mediarec.apps.web_app import create_app, make_model_reloader

hello = Flask("hello")


@hello.get("/hello")
def say_hello() -> str:
    """Return a short text."""
    return "hello"


if "MEDIAREC_MODEL" in os.environ:
    page = create_app(make_model_reloader(os.environ["MEDIAREC_MODEL"]))
