"""Measure a recommender on graded judgments and on ratings, and tune its weights."""
