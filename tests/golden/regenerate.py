"""Write the messages of the golden files anew; positions and codes must already hold.

python tests/golden/regenerate.py [NAME …]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import cases, rendered, reported, validate


def main(names: list[str]) -> int:
    """Write the text of every case, or of the named ones; return 1 if a position or code differs."""
    refused = 0
    for case in cases("invalid"):
        if names and case.name not in names:
            continue
        diagnostics = validate(case)
        if reported(case, diagnostics) != case.marks():
            print(f"refused, marks and report differ: {case.name}")
            for mark in sorted(set(case.marks()) ^ set(reported(case, diagnostics))):
                print("  marked  " if mark in case.marks() else "  reported", mark)
            refused = 1
            continue
        text = rendered(case, diagnostics)
        if not case.text.exists() or case.text.read_text(encoding="utf-8") != text:
            case.text.write_text(text, encoding="utf-8")
            print(f"written: {case.text.name}")
    return refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
