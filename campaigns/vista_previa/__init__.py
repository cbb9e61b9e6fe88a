"""What a campaign will do and cost, before it is created.

calculo        counts recipients, exclusions, segments and money
costo          counts the segments of a text for everybody at once
avisos         says what a person should know first
aprobaciones   asks a second person when the cost is high
borrador       is the campaign that a page's form holds
elegibles      finds clients and tags to choose from
"""
