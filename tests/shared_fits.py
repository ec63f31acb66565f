"""Fits that notebooks and tests share in one run of tests/run.py.

The server process of tests/run.py imports this module and fits the models that many notebooks and
tests begin with. Each job is a fork of the server, so it has the results in memory. A call with
equal arguments returns a copy of the result; any other call computes, as it does without this
module. A notebook that defines one of the functions runs its own code.
"""

import os
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import joblib
import numpy as np
import pandas as pd

import mediarec.data.clean as clean_module
from mediarec import Recommender, load_catalog
from mediarec.cluster import base, compare
from mediarec.cluster.base import ClusterInput
from mediarec.cluster.neighbor_embedding import fit_neighbor_embedding
from mediarec.core import package_path
from mediarec.data.store import catalog_fingerprint
from mediarec.features import blocks, index
from mediarec.features.embedding import default_encoder

STARTER_CLUSTERS = ("kmeans", "communities", ["communities", "kmeans"], ["kmeans", "kprototypes"])
results: dict[tuple[str, ...], Any] = {}
is_recording = False


def copy_result(result):
    """Copy what a caller may change: frames, and the containers around them."""
    if isinstance(result, pd.DataFrame):
        return result.copy()
    if isinstance(result, ClusterInput):
        return ClusterInput(result.frame.copy(), dict(result.blocks), dict(result.cache))
    if isinstance(result, dict):
        return {key: copy_result(value) for key, value in result.items()}
    if type(result) is tuple:
        return tuple(copy_result(value) for value in result)
    return result


def fingerprint(value: Any) -> str | None:
    """Return a text that identifies an argument, or None for an argument that is not known."""
    if isinstance(value, pd.DataFrame):
        return f"{catalog_fingerprint(value)} {value.dtypes.to_dict()} {value.index}"
    if isinstance(value, np.ndarray):
        return f"{joblib.hash(value)} {value.dtype} {value.shape}"
    if value is None or value is default_encoder():
        return "default"
    if isinstance(value, ClusterInput):
        blocks_key = tuple(sorted((name, id(block)) for name, block in value.blocks.items()))
        return f"{fingerprint(value.frame)} {blocks_key}" if is_shared(value.blocks) else None
    if isinstance(value, str | bool | list | dict):
        return repr(value)
    return None


def is_shared(feature_blocks: dict) -> bool:
    """Return whether all blocks are objects of remembered results, so that ids identify them."""
    remembered = [result[1] for key, result in results.items() if key[0] == "fit_blocks"]
    kept_ids = {id(block) for kept in remembered for block in kept.values()}
    return all(id(block) in kept_ids for block in feature_blocks.values())


def call_key(name: str, *arguments: Any) -> tuple[str, ...] | None:
    """Return what identifies a call, or None if an argument is not known."""
    key = tuple(fingerprint(value) for value in arguments)
    return None if None in key else (name, *key)


def remember(key, function: Callable, *arguments, **options):
    """Call a function and keep its result, unless it warns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments, **options)
    if not caught:
        results[key] = copy_result(result)
    return result


def share(module, name: str) -> None:
    """Let a function of a module return remembered results, wherever it was imported."""
    function = getattr(module, name)

    @wraps(function)
    def shared(*arguments, **options):
        key = call_key(name, *arguments, *options, *options.values())
        if key in results:
            return copy_result(results[key])
        if is_recording and key:
            return remember(key, function, *arguments, **options)
        return function(*arguments, **options)

    for user in list(sys.modules.values()):
        if user.__name__.startswith("mediarec") and vars(user).get(name) is function:
            setattr(user, name, shared)


def share_fit(recommender_class) -> None:
    """Let the method `fit` of a recommender take over a remembered state."""
    fit = recommender_class.fit

    @wraps(fit)
    def shared(self, catalog, clusters=None, progress=False):
        is_plain = self.encoder is None and type(self) is recommender_class
        methods = [clusters] if isinstance(clusters, str) else clusters
        key = call_key("fit", self.weights, catalog, methods) if is_plain else None
        if key in results:
            self.__dict__.update(copy_result(results[key]))
            return self
        if is_recording and key:
            remember(key, lambda: vars(fit(self, catalog, clusters, progress)))
            return self
        return fit(self, catalog, clusters, progress)

    recommender_class.fit = shared


def fit_models() -> None:
    """Fit what many notebooks and tests begin with."""
    starter = load_catalog(package_path("starter.csv"))
    catalogs = [starter]
    if os.environ.get("MEDIAREC_CATALOG"):
        catalogs.append(load_catalog())
    for catalog in catalogs:
        Recommender().fit(catalog)
        base.make_cluster_input(clean_module.clean(catalog))
        kept_titles = next(reversed(results.values()))
        fit_neighbor_embedding(kept_titles)  # fills the cache with the graph of neighbors
    for clusters in STARTER_CLUSTERS:
        Recommender().fit(starter, clusters=clusters)
    quarter = starter[::4].reset_index(drop=True)
    base.make_cluster_input(clean_module.clean(quarter))
    base.edge_case_inputs()


def one_core() -> int:
    """Return 1: every job has one core, and a fork of a process with threads may hang."""
    return 1


def fit_shared() -> None:
    """Share the functions, and remember the fits of the models."""
    global is_recording
    compare._n_threads = one_core
    share(clean_module, "clean")
    share(index, "prepare_catalog")
    share(blocks, "fit_blocks")
    share(base, "make_cluster_input")
    share(base, "edge_case_inputs")
    share(compare, "fit_and_describe_clusterings")
    share(compare, "_tsne_layout")
    share_fit(Recommender)
    is_recording = True
    fit_models()
    is_recording = False
