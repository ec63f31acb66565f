"""The interfaces: notebook widget, static page, web page and grading."""
