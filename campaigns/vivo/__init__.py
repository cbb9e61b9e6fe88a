"""What moves by itself: fragments of pages that ask again every few seconds, and what they show.

A fragment is rendered once a second at most for a whole shop, however many tabs are open, and a tab that has seen it
already gets an empty answer. The more tabs, the more slowly they ask: `campaigns.vivo.sondeo`.
"""
