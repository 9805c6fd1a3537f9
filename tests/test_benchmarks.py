"""The benchmarks run, and their streams are read to the end by all who read them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_protocol_is_measured() -> None:
    command = [sys.executable, 'benchmarks/cost_per_delta.py', '--quick', '--deltas', '60', '--rounds', '1']
    run = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr  # it ends with an error where two clients read different texts
    rows = [line.split(' | ') for line in run.stdout.splitlines() if line.startswith('| ')][2:]
    assert [row[0] for row in rows] == [
        '| openai-chat', '| openai-responses', '| anthropic', '| google', '| mistral', '| cohere', '| groq',
        '| huggingface', '| bedrock',
    ]  # fmt: skip
    assert all('(1.0)' in row[1] and '(' in row[2] and '(' in row[3] and row[4] == '–' for row in rows)
