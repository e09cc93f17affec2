"""Try a name.

Put any other name in its place.
"""

from namerec.export.program.pieces.names import TABLE
from namerec.export.program.pieces.prediction import predict

name = TABLE[0]["name"]
print(f"{name}: " + ", ".join(f"{category} {share:.0%}" for category, share in predict(name)))
