"""One-dimensional transport of carbon dioxide, inversion, and budgets that meet across scales."""
