"""One file per screen: `build` makes the view, `parse` reads what came back; they share their ids and call nothing."""
