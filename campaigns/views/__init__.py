"""Pages. A fragment is the part of a page that refreshes itself while a campaign is alive."""
