"""Names given on the command line."""

import sys

from namerec.export.program.pieces.prediction import predict

for name in sys.argv[1:]:
    print(f"{name}: " + ", ".join(f"{category} {share:.0%}" for category, share in predict(name)))
