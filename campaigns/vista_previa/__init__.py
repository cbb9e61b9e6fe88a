"""The preview of a campaign, before it is created.

calculo        counts recipients, exclusions, segments and money
costo          counts the segments of a text for everybody at once
avisos         says what a person should know first
aprobaciones   asks a second person when the cost is high
borrador       holds the campaign of a page's form
elegibles      finds clients and tags to choose from
"""
