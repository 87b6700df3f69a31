"""Real applications on datasets of each record size, counted in bytes."""
