"""What worker processes calculate for the pages: plain data in, plain data out, no screen."""
