"""The folder that the harness shares with the processes it breaks."""

from typing import Final

FOLDER_VARIABLE: Final = "FAULTS_CRASH_DIR"
# Set when PostgreSQL's clock is to be stepped.
CLOCKS_VARIABLE: Final = "FAULTS_CLOCKS"
# Set when the product is to run behind a pooler.
POOLER_VARIABLE: Final = "FAULTS_POOLER"
# While there is a file of this name in it, the simulator does not start.
AWAY: Final = "away"
