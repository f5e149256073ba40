"""What our parts are measured against.

Those of the streams parse the same records and count them by country. Some run in an environment of their
own (`make setup-bench`); they parse with orjson, which is what quixstreams and Faust take by themselves.
"""
