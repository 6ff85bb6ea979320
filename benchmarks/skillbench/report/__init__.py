"""Runs as one page that opens offline.

Everything in a run is hostile text: data sets, models and judges wrote it. The page's fixed parts are
escaped by the template; what the browser of judgments shows travels compressed, in an alphabet without
markup, and is put on the page as text alone. The page's own policy allows no script but its one.
"""
