"""HTTP in, HTTP out. Each file owns its routes and the structs they speak in."""
