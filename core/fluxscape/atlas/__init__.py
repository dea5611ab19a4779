"""National atlas: runs over the grid, stores that a browser can roam, trends and totals."""
