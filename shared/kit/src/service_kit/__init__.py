"""What every Dramatis service would otherwise repeat; see README.md for the map."""
