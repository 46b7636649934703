"""The consensus specifications in Python: containers, domains, networks.

One file per fork that brought containers, named as consensus-specs name it. Knows neither HTTP
nor keys.
"""
