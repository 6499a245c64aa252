"""Sheets, figures and the self-contained HTML page."""
