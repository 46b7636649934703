"""The configuration: one field is one flag, one environment variable and one line of help."""
