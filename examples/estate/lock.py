"""The fault: somebody's maintenance job that takes the database's lock and forgets to give it back."""
import argparse
import sqlite3
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--state", type=Path, required=True)
options = parser.parse_args()

connection = sqlite3.connect(options.state / "shop.db", timeout=30, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
(options.state / "lock.held").touch()
while options.state.exists():  # until it is killed, which releases the lock, or the estate is gone
    time.sleep(0.5)
