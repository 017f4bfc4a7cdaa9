"""Every fault against everything that a user does, over both protocols, on real servers."""
