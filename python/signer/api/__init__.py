"""HTTP in, HTTP out: one file for each group of routes, with the structs that they speak in."""
